"""What the store holds of assurance."""
