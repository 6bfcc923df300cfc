"""A marking on a bundle itself: STIX has none there, so that nothing in it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import nodes
import sharing

from accord.identity.markings import Tlp, marking_id


def test_nothing_of_a_marked_bundle_is_shared(tmp_path: Path) -> None:
    house = sharing.house(tmp_path)
    whole = json.loads(sharing.bundle(sharing.indicator("one", None)))
    marked = json.dumps(whole | {"object_marking_refs": [marking_id(Tlp.RED)]}).encode()
    loaded = nodes.give(house, [("marked.json", marked)])
    (outcome,) = sharing.shared(house, loaded.digests[0], "pair", tlp=Tlp.CLEAR).outcomes
    assert outcome.what == "refused"
    assert "bundle object_marking_refs" in outcome.reason
    assert sharing.rows(house) == []
