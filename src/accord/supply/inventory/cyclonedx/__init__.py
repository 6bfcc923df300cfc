"""CycloneDX bills of materials, versions 1.0 to 1.7, in JSON and XML."""

from accord.supply.inventory.cyclonedx.bill import read

__all__ = ["read"]
