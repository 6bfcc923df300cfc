"""A directory that nobody confirms any more: who is a partner may have changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from house_of_nodes import Nodes

from accord.flows.exchange import partners
from accord.flows.exchange.messages import PREFIX, Request
from accord.flows.exchange.sharing import audience, share, wanted
from accord.flows.load import load_documents
from accord.identity.directory.trusted import Expired
from accord.identity.recipients import Recipient

LATER = "2026-04-15T09:00:00.000000Z"
OBJECT = json.dumps(
    {
        "type": "vulnerability",
        "spec_version": "2.1",
        "id": "vulnerability--717cb1c9-eab3-4330-8340-e4858055aa80",
        "created": "2026-02-01T10:00:00.000Z",
        "modified": "2026-02-01T10:00:00.000Z",
        "name": "CVE-2026-10001",
    }
).encode()


def test_nothing_is_shared_given_out_or_taken_until_it_is_renewed(tmp_path: Path) -> None:
    house = Nodes(tmp_path, ("australia", "japan"))
    try:
        sharer = house["australia"]
        audience.create(sharer.owner, "pair", ["japan"], everyone=False)
        loaded = load_documents([("one", OBJECT)], sharer.intake, sharer.clock.now())
        found = wanted.find(loaded.digests, sharer.holdings)
        share.share(sharer.sharer, found, "pair")
        house.clock.at = LATER

        with pytest.raises(Expired, match="expired"):
            share.share(sharer.sharer, found, "pair")
        asks = Recipient("partner", "japan", "Japan")
        for path in ("/logs", "/changes"):
            refused = sharer.door.answer(asks, Request("GET", f"{PREFIX}{path}"))
            assert refused.status == 503
            assert b"pair" not in refused.body
        given = sharer.door.answer(asks, Request("GET", f"{PREFIX}/directory/timestamp.json"))
        assert given.status == 200
        report = house.sync("japan", "australia")
        assert "expired" in report.failed
        with house["japan"].views.view() as view:
            assert not list(view.list_documents(quarantined=False))
    finally:
        house.close()


def test_after_it_is_renewed_nothing_was_skipped(tmp_path: Path) -> None:
    house = Nodes(tmp_path, ("australia", "japan"))
    try:
        sharer = house["australia"]
        audience.create(sharer.owner, "pair", ["japan"], everyone=False)
        loaded = load_documents([("one", OBJECT)], sharer.intake, sharer.clock.now())
        share.share(sharer.sharer, wanted.find(loaded.digests, sharer.holdings), "pair")
        house.clock.at = LATER
        ring = sharer.ring.all()
        assert partners.refresh(sharer.trust, ring, LATER, alone=True)
        report = house.sync("japan", "australia")
        assert report.good, report
        assert report.logs[0].new == 1
    finally:
        house.close()
