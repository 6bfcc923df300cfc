"""What the public reports: read within bounds, known again when it comes again."""
