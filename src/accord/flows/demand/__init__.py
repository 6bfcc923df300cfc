"""Demand: what this node buys, from whom, and for how much."""
