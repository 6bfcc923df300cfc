"""Readers of threat information as facts, and how these join across documents."""
