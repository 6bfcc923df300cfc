"""Computing together in a process of its own: connections to the other partners, and MPyC."""
