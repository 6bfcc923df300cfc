"""Common asks: which requirement, asked of which supplier, closes most."""
