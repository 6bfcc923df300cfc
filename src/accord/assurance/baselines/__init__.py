"""What buyers ask: requirements as data."""
