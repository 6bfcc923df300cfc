"""Questions of vulnerability scanners, answered as osv.dev answers them."""
