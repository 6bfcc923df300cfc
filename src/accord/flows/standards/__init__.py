"""What standards ask for: shipped with accord, and loaded."""
