"""CSAF 2.0 advisories and VEX documents: checked against every mandatory test, then read.

Source: OASIS Common Security Advisory Framework 2.0; sections are cited where they apply.
"""

from accord.supply.advisories.csaf.reader import read

__all__ = ["read"]
