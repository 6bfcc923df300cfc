"""TAXII 2.1 as values: what is asked for, and the resources that answer it.

Source: TAXII 2.1, OASIS Standard, 10 June 2021.
"""
