"""Notes between partners as STIX 2.1 objects: incidents, requests, answers, lessons, breaches."""
