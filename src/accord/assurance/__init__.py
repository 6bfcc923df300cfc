"""A supplier proves once, and each buyer decides by a baseline of its own."""
