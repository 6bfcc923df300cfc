"""The pages: what the node knows, for a browser on this machine."""
