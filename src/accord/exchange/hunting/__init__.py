"""Hunting: patterns to what is looked for, what was found to sightings."""
