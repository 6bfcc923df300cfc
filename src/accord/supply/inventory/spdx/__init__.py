"""SPDX bills of materials: 2.2 and 2.3 as JSON, YAML and tag-value, 3.0 as JSON-LD."""

from accord.supply.inventory.spdx.graph import read_jsonld
from accord.supply.inventory.spdx.plain import read_json, read_yaml
from accord.supply.inventory.spdx.tagvalue import read_tag_value

__all__ = ["read_json", "read_jsonld", "read_tag_value", "read_yaml"]
