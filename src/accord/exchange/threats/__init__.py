"""Readers of threat information: STIX bundles and ATT&CK mappings, as facts."""
