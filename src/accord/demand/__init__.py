"""Demand: what governments buy, together, and what they ask of suppliers for it."""
