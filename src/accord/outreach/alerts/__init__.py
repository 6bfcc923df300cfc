"""Alerts: what they say, how they follow each other, and the forms in which they go out."""
