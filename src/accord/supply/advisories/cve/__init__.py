"""CVE records, JSON 5.0 to 5.2, with the containers that CISA and others add to them."""

from __future__ import annotations

from accord.supply.advisories.cve.record import read

__all__ = ["read"]
