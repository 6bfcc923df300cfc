"""What every domain stands on: errors, limits, digests, time, and bounded parsing."""
