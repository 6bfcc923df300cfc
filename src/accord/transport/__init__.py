"""The network: requests to other nodes, and later mail and messaging."""
