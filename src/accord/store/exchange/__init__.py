"""Audiences, logs, envelopes, receipts and what is followed, on SQLite and PostgreSQL."""
