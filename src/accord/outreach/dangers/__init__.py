"""What is known to be dangerous, how it is asked for, and what looks like a protected name."""
