"""How the items of one catalogue relate to those of another."""
