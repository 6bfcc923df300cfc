"""Sharing between nodes, one verb a file: share, recall, sync, answer, review."""
