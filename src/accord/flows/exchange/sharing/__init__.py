"""Give: audiences, what goes to them, what is held for a person, and what is taken back."""
