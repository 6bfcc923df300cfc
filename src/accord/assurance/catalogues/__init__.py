"""Published standards: what they list, and under which names."""
