"""What buyers hold: contracts, rates of exchange, and the reviewed table of suppliers."""
