"""Evidence of what a supplier claims: read, verified by what it is, and believed by who says so."""
