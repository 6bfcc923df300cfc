"""Vulnerabilities in CycloneDX documents: VEX, and what a bill says of its own components."""

from accord.supply.advisories.cyclonedx_vex.statements import read

__all__ = ["read"]
