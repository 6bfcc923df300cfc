"""Threat information: what is known of who exploits what, and of what was seen."""
