"""The node's database: SQLite by default, PostgreSQL by address, one schema for both."""
