"""What people read, in their own languages."""
