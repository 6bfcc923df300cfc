"""Hunting: looking through logs for what indicators say, and keeping what was seen."""
