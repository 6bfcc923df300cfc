"""The store of contracts, rates, suppliers and asks."""
