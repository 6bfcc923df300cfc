"""What CSAF publishers keep beside their documents: digests and OpenPGP signatures, for real."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from publishers import (  # noqa: F401 - fixtures
    AT,
    Publisher,
    added,
    advisory,
    fed_node,
    once,
    one_publisher,
    publisher,
    send,
)

from accord.exchange.feeds import beside
from accord.flows.feeds.listing import listing
from accord.wiring import Node

pysequoia = pytest.importorskip("pysequoia", reason="the extra openpgp is not installed")


class Signing:
    """A publisher's key."""

    def __init__(self) -> None:
        self.secret = pysequoia.Tsk.generate("Publisher <psirt@publisher.example>")
        self.public = self.secret.extract_certificate()

    def sign(self, body: bytes) -> bytes:
        mode = pysequoia.SignatureMode.DETACHED
        return bytes(pysequoia.sign(self.secret.signer(), body, mode=mode))


def put(server: Publisher, path: str, key: Signing, endings: str = ".sha512 .asc") -> bytes:
    body = advisory(path.rpartition("/")[2].partition(".")[0])
    made = {
        ".sha512": f"{hashlib.sha512(body).hexdigest()}  {path}\n".encode(),
        ".sha256": hashlib.sha256(body).hexdigest().upper().encode(),
        ".asc": key.sign(body),
    }
    server.files[path] = body
    server.files |= {f"{path}{one}": made[one] for one in endings.split()}
    return body


def rolie(server: Publisher, paths: list[str], rel: str = "rel", at: str = AT) -> None:
    """A ROLIE feed; `rel` is how its links say what they are: CISA's say `ref`."""
    entries = [
        {"id": path, "updated": at, "link": [
            {"rel": "self", "href": path},
            *({rel: "signature" if one.endswith(".asc") else "hash", "href": one}
              for one in server.files if one.startswith(f"{path}.")),
        ]}
        for path in paths
    ]  # fmt: skip
    server.files["/rolie.json"] = json.dumps({"feed": {"entry": entries}}).encode()


def provider(server: Publisher, *keys: Signing, named: str = "", directory: bool = False) -> str:
    folders = {"directory_url": server.url("/")}
    feeds = {"rolie": {"feeds": [{"url": server.url("/rolie.json"), "tlp_label": "WHITE"}]}}
    server.files["/provider-metadata.json"] = json.dumps({
        "distributions": [folders if directory else feeds],
        "public_openpgp_keys": [
            {"url": server.url(f"/{n}.asc"), "fingerprint": named or one.public.fingerprint}
            for n, one in enumerate(keys)
        ],
    }).encode()  # fmt: skip
    server.files |= {f"/{n}.asc": str(one.public).encode() for n, one in enumerate(keys)}
    return server.url("/provider-metadata.json")


def said(node: Node) -> str:
    (row,) = listing(node.feeds, AT)
    return row.checked


def refused(node: Node) -> dict[str, str]:
    with node.views.view() as view:
        rows = list(view.list_documents(quarantined=True))
    return {row.sources[0]: row.quarantined[0][1] for row in rows}


@pytest.mark.parametrize("rel", ["rel", "ref"])
def test_digests_and_signatures_that_hold(node: Node, server: Publisher, rel: str) -> None:
    key = Signing()
    put(server, "/a.json", key)
    put(server, "/b.json", key, ".sha256 .asc")
    put(server, "/c.json", key, "")
    rolie(server, ["/a.json", "/b.json", "/c.json"], rel)
    added(node, "psirt", "csaf", provider(server, key))
    assert once(node, "psirt").new == 3
    assert said(node) == (
        "2 digests held, 1 documents without a digest,"
        " 2 signatures held, 1 documents without a signature"
    )
    server.asked.clear()
    assert once(node, "psirt").outcome == "same"
    assert server.paths == ["/provider-metadata.json", "/rolie.json"]


@pytest.mark.parametrize(
    ("ending", "bad", "why"),
    [
        (".sha512", b"0" * 128, "SHA-512"),
        (".sha512", b"0" * 64, "SHA-256"),
        (".sha512", b"d41d8cd98f00b204e9800998ecf8427e", "neither SHA-256 nor SHA-512"),
        (".sha512", b"", "neither SHA-256 nor SHA-512"),
        (".asc", b"", "holds none"),
        (".asc", b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----", "holds"),
    ],
)
def test_a_document_that_is_not_the_one_is_refused_and_asked_for_again(
    node: Node, server: Publisher, ending: str, bad: bytes, why: str
) -> None:
    key = Signing()
    put(server, "/a.json", key)
    put(server, "/b.json", key)
    rolie(server, ["/a.json", "/b.json"])
    kept = server.files[f"/a.json{ending}"]
    server.files[f"/a.json{ending}"] = bad
    added(node, "psirt", "csaf", provider(server, key))
    ran = once(node, "psirt")
    assert (ran.outcome, ran.new, ran.quarantined) == ("partly", 1, 1)
    assert "1 of 2 documents are not what their publisher vouches for" in ran.error
    ((source, reason),) = refused(node).items()
    assert source == f"feed psirt: {server.url('/a.json')}"
    assert why in reason
    assert "refused" in said(node)
    server.files[f"/a.json{ending}"] = kept
    assert once(node, "psirt").new == 1


@pytest.mark.parametrize("who", ["changed", "another", "of another document"])
def test_a_signature_that_does_not_hold_is_refused(node: Node, server: Publisher, who: str) -> None:
    key, other = Signing(), Signing()
    body = put(server, "/a.json", key)
    signed = {"changed": key.sign(body + b" "), "another": other.sign(body),
              "of another document": key.sign(advisory("b"))}  # fmt: skip
    server.files["/a.json.asc"] = signed[who]
    rolie(server, ["/a.json"])
    added(node, "psirt", "csaf", provider(server, key))
    ran = once(node, "psirt")
    assert (ran.new, ran.quarantined) == (0, 1)
    (reason,) = refused(node).values()
    assert "does not hold under the keys that its provider names" in reason


def test_a_key_by_another_fingerprint_vouches_for_nothing(node: Node, server: Publisher) -> None:
    key = Signing()
    put(server, "/a.json", key)
    rolie(server, ["/a.json"])
    added(node, "psirt", "csaf", provider(server, key, named=Signing().public.fingerprint))
    ran = once(node, "psirt")
    assert (ran.outcome, ran.new) == ("partly", 0)
    assert "cannot be used" in ran.error


def test_one_of_several_keys_that_does_not_come_leaves_the_others(
    node: Node, server: Publisher
) -> None:
    gone, key = Signing(), Signing()
    put(server, "/a.json", key)
    rolie(server, ["/a.json"])
    added(node, "psirt", "csaf", provider(server, gone, key))
    server.files.pop("/0.asc")
    ran = once(node, "psirt")
    assert ran.new == 1
    assert "the key at" in "".join(ran.notes)


def test_what_is_not_verified_is_told(
    node: Node, server: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Signing()
    put(server, "/a.json", key)
    rolie(server, ["/a.json"])
    provider(server, key)
    added(node, "psirt", "csaf", server.url("/rolie.json"))
    assert once(node, "psirt").new == 1
    assert "1 signatures not verified (no key is named" in said(node)
    node.feeds.remove("psirt")
    monkeypatch.setattr(beside, "find_spec", lambda _: None)
    added(node, "psirt", "csaf", server.url("/provider-metadata.json"))
    once(node, "psirt")
    assert said(node) == (
        "1 digests held, 1 signatures not verified (the extra openpgp is not installed)"
    )


def test_beside_the_documents_of_a_directory(node: Node, server: Publisher) -> None:
    key = Signing()
    names = [f"/{n}.json" for n in "abc"]
    for name in names:
        put(server, name, key, ".sha256 .asc")
    server.files["/c.json.asc"] = Signing().sign(b"")
    server.files["/changes.csv"] = "\n".join(f"{name[1:]},{AT}" for name in names).encode()
    added(node, "psirt", "csaf", provider(server, key, directory=True))
    ran = once(node, "psirt")
    assert (ran.new, ran.quarantined) == (2, 1)
    assert said(node).startswith("3 digests held, 2 signatures held")
    # That there is no .sha512 was asked once, not for each document.
    assert [path for path in server.paths if path.endswith(".sha512")] == ["/a.json.sha512"]


def test_a_publisher_that_fails_beside_a_document_is_asked_again(
    node: Node, server: Publisher
) -> None:
    key = Signing()
    put(server, "/a.json", key)
    rolie(server, ["/a.json"])

    def away(handler: Any, _: Any) -> None:
        send(handler, 503, b"", retry_after="60")

    server.answers["/a.json.asc"] = away
    added(node, "psirt", "csaf", provider(server, key))
    assert once(node, "psirt").outcome == "failed"
    server.answers.clear()
    assert once(node, "psirt").new == 1


@pytest.mark.parametrize("gone", [".sha512", ".asc"])
def test_what_was_offered_once_and_is_no_more_is_told(
    node: Node, server: Publisher, gone: str
) -> None:
    key = Signing()
    put(server, "/a.json", key)
    rolie(server, ["/a.json"])
    added(node, "psirt", "csaf", provider(server, key))
    assert once(node, "psirt").new == 1
    assert "before" not in said(node)
    put(server, "/b.json", key)
    del server.files[f"/b.json{gone}"]
    rolie(server, ["/a.json", "/b.json"])
    ran = once(node, "psirt")
    what = "digest" if gone == ".sha512" else "signature"
    assert (ran.new, ran.outcome) == (1, "new")
    assert ran.notes == (
        f"{server.url('/b.json')}: no {what} is offered, as its server did before",
    )
    assert f"1 documents without a {what}, where there were some before" in said(node)


def test_what_a_server_never_offered_is_not_missed(node: Node, server: Publisher) -> None:
    key = Signing()
    for name in ("/a.json", "/b.json"):
        put(server, name, key, "")
        rolie(server, [name])
        if name == "/a.json":
            added(node, "psirt", "csaf", provider(server, key))
        assert once(node, "psirt").notes == ()
    assert "before" not in said(node)
