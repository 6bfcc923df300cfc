"""Demand: what this node buys, from whom, for how much, and what is asked together."""
