"""Versions against ranges: keys, intervals, aliases, VEX and rank."""
