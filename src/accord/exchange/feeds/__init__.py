"""Feeds: what to ask a publisher next, and how to read its answer, as values."""
