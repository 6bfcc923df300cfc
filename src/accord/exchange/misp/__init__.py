"""MISP's JSON core format: its events read, as STIX and back, and as feeds."""
