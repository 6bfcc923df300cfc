"""The store of contracts, rates and suppliers."""
