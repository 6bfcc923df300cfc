"""Feeds of publishers: added, asked when they are due, and told what they were worth."""
