"""Hunting in DuckDB: logs read, joined with indicators, and archived."""
