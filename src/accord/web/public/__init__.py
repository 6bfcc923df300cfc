"""What the public reads, without a name and without a script."""
