"""What TAXII clients are answered: the same objects, through the same egress, in their protocol."""
