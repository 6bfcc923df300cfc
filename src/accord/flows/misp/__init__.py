"""MISP's events as STIX and back, and as feeds for MISP."""
