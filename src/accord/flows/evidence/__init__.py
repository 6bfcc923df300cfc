"""Evidence taken in, listed and removed, and whose word counts for it."""
