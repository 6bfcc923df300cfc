"""Take: bring this node up to what partners have released to it."""
