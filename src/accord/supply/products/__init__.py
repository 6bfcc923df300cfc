"""What a product is called: package URLs, OSV ecosystems, CPE names, supplier and product names.

Below inventory and advisories, so that both sides of a match are named by one rule.
"""
