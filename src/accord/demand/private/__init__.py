"""Partners compute together, and none shows the others what it holds."""
