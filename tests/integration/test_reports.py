"""Reports from the public: a form in a real listener, forwarded mails, a person's keys, answers."""

from __future__ import annotations

import email.message
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import doors
import httpx
import nodes
import pytest
from mail_house import MailHouse

from accord.core.errors import Invalid, NotFound, TooLarge
from accord.flows.outreach.reporting import decide, take
from accord.flows.outreach.reporting.decide import Wanted
from accord.flows.outreach.reporting.port import Full
from accord.flows.outreach.reporting.take import Given
from accord.identity.markings import Tlp
from accord.store.outreach import reports as store
from accord.transport.mail import MailServer, SmtpMailer
from accord.transport.messaging.mail import MailCarrier
from accord.web.door.server import configuration, listening
from accord.web.public.listener import PublicApp
from accord.web.public.reports import ReportPages
from accord.wiring import Node
from accord.wiring.reporting import ReportDesk

WHO = "R. Ana"
SCAM = "Your parcel waits: hxxps://parcel[.]example/pay?id=7 or call +91 98765 43210"


@pytest.fixture
def desk(node: Node) -> ReportDesk:
    """On each database."""
    return ReportDesk(node)


@pytest.fixture
def here_desk(here: Node) -> ReportDesk:
    return ReportDesk(here)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[MailHouse]:
    made = MailHouse(tmp_path, tls=False)
    yield made
    made.close()


def carrier(desk: ReportDesk, post: MailHouse) -> MailCarrier:
    at = MailServer(host="127.0.0.1", port=post.port, tls=False, sender="cert@au.example")
    return MailCarrier(SmtpMailer(at), at.sender, desk.clock)


def mail(text: str, sender: str = "Bank <safe@bank.example>") -> email.message.EmailMessage:
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "you@example.org", "Your parcel"
    made.set_content(text)
    return made


def forwarded(inner: email.message.EmailMessage) -> bytes:
    outer = mail("Is this real?", "Kim <kim@example.org>")
    outer.add_attachment(inner)
    return outer.as_bytes()


def test_a_report_is_decided_on_made_indicators_and_answered(
    desk: ReportDesk, post: MailHouse
) -> None:
    first = take.take(desk, Given(via="form", text=SCAM, contact="kim@example.org"))
    again = take.take(desk, Given(via="form", text=f"Got this too! {SCAM} ???", contact=""))
    assert first.report.key == again.report.key
    assert [(one.kind, one.value) for one in first.report.said.items] == [
        ("link", "https://parcel.example/pay?id=7"),
        ("phone", "+919876543210"),
    ]
    waiting = take.seen(desk, first.code)
    assert waiting is not None
    assert waiting.outcome == "new"
    done = decide.settle(
        desk, first.report.id, Wanted(outcome="dangerous", person=WHO, answer="It is a known scam.",
                                      tlp=Tlp.GREEN))  # fmt: skip
    assert {one.id for one in done.reports} == {first.report.id, again.report.id}
    assert [one.kind for one in done.unnamed] == ["phone"]
    (made,) = done.indicators
    listed = {one.id: one for one in desk.reports.all(("dangerous",))}
    assert listed.keys() == {first.report.id, again.report.id}
    with desk._node.views.view() as view:
        (kept,) = view.stix_objects(made)
        document = json.loads(view.body(kept.document))
    assert document["pattern"] == "[url:value = 'https://parcel.example/pay?id=7']"
    assert document["object_marking_refs"] == [
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
    ]
    assert decide.answer(desk, carrier(desk, post)).sent == 1
    ((_, sent),) = post.mails
    assert b"It is a known scam." in sent
    assert b"change it now" in sent
    assert desk.reports.one(first.report.id).contact == ""  # type: ignore[union-attr]
    assert decide.answer(desk, carrier(desk, post)).sent == 0
    with pytest.raises(Invalid, match="was decided"):
        decide.settle(desk, first.report.id, Wanted(outcome="harmless", person=WHO))
    later = take.take(desk, Given(via="form", text=SCAM.upper().replace("HXXPS", "https")))
    assert later.report.outcome == "new", "another path is another link"
    known = take.take(desk, Given(via="form", text=SCAM))
    assert (known.report.outcome, known.report.answer) == ("dangerous", "It is a known scam.")


def test_only_what_a_person_chose_becomes_an_indicator(here_desk: ReportDesk) -> None:
    text = "evil.example sent me a picture of https://bank.example/ and a file " + "a1" * 32
    taken = take.take(here_desk, Given(via="form", text=text))
    number = taken.report.id
    foreign, chosen = (
        Wanted(outcome="dangerous", person=WHO, items=(one,))
        for one in ("other.example", "evil.example")
    )
    with pytest.raises(Invalid, match="has no"):
        decide.settle(here_desk, number, foreign)
    done = decide.settle(here_desk, number, chosen)
    assert len(done.indicators) == 1
    assert here_desk.reports.all(("new",)) == []
    with pytest.raises(NotFound):
        decide.settle(here_desk, 99, Wanted(outcome="unclear", person=WHO))


def test_a_forwarded_mail_is_read_with_what_it_holds(here_desk: ReportDesk) -> None:
    inner = mail("Open http://bad.example/login now")
    inner.add_alternative(
        '<p>Open <a href="https://worse.example/x?a=1&amp;b=2">your bank</a>'
        "<script>var x = 'http://script.example/'</script></p>", subtype="html")  # fmt: skip
    inner.add_attachment(b"MZ\0", maintype="application", subtype="zip", filename="bill.zip")
    taken = take.take_mail(here_desk, forwarded(inner))
    report = taken.report
    assert (report.via, report.contact) == ("mail", "kim@example.org")
    assert (report.said.sender, report.said.subject) == ("Bank <safe@bank.example>", "Your parcel")
    values = {one.value for one in report.said.items}
    assert {"http://bad.example/login", "https://worse.example/x?a=1&b=2"} <= values
    assert not any("script.example" in one for one in values)
    assert "kim@example.org" not in values
    assert [one.name for one in report.said.files] == ["message.eml", "bill.zip"]
    assert report.said.files[1].digest in values
    whole = here_desk.reports.file(report.id, report.said.files[0].digest)
    assert whole is not None
    assert b"bill.zip" in whole


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"no header at all",
        b"A: b\r\n" + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 5_000,
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" * 300,
        b"Content-Type: message/rfc822\r\n\r\n" * 99 + b"Subject: x\r\n\r\nhttp://a.example/",
        b"Subject: =?utf-8?b?////?= =?x-none?q?=FF?=\r\nFrom: =?broken\r\n\r\nwords",
        b'Content-Type: text/plain; charset="\xff\xfe"\r\n\r\nwords \xff',
        b"Content-Type: text/html; charset=utf-7\r\n\r\n" + b"<" * 50_000 + b"href=" * 50_000,
        b"Content-Type: text/plain; charset=hex\r\n\r\nzz",
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 1_000,
        b"From: " + b"(" * 20_000 + b"\r\n\r\nwords",
    ],
)  # fmt: skip
def test_a_hostile_mail_is_kept_or_refused_and_ends_nothing(
    here_desk: ReportDesk, data: bytes
) -> None:
    try:
        taken = take.take_mail(here_desk, data)
    except (Invalid, TooLarge):
        assert here_desk.reports.all() == []
        return
    digest = taken.report.said.files[0].digest
    assert here_desk.reports.file(taken.report.id, digest) == data


def test_what_waits_is_bounded(here_desk: ReportDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_WAITING", 2)
    for number in range(2):
        take.take(here_desk, Given(via="form", text=f"report {number} on nothing"))
    with pytest.raises(Full):
        take.take(here_desk, Given(via="form", text="one more"))
    decide.settle(here_desk, 1, Wanted(outcome="unclear", person=WHO))
    take.take(here_desk, Given(via="form", text="one more"))
    monkeypatch.setattr(store, "MOST_KEPT", 10)
    with pytest.raises(Full):
        take.take(here_desk, Given(via="form", text="x", files=(("a", "image/png", b"1" * 11),)))


def test_the_public_reports_by_a_form_and_sees_the_answer(here_desk: ReportDesk) -> None:
    app = PublicApp([ReportPages(here_desk)], known_addresses=False)
    with (
        doors.heard_on(listening("127.0.0.1", 0), configuration(app, None)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        form = client.get("/report")
        assert (form.status_code, len(form.content) < 50_000) == (200, True)
        words = {"text": "</textarea><script>x", "contact": "nobody"}
        wrong = client.post("/report", data=words, files={"files": ("", b"")})
        assert (wrong.status_code, "<script>x" in wrong.text) == (422, False)
        assert "&lt;/textarea&gt;" in wrong.text
        eml = mail("http://bad.example/login").as_bytes()
        files = [("files", ("a.EML", eml, "text/html")), ("files", ("p.png", b"\x89PNG", "x/y"))]
        thanks = client.post("/report", data={"text": SCAM}, files=files)
        found = re.search(r"/report/[A-Z2-7]{24}", thanks.text)
        assert found, thanks.text
        state = client.get(found[0])
        assert "A person will look at it" in state.text
        assert "bad.example" not in state.text, "nothing that was sent is shown"
        (report,) = here_desk.reports.all()
        assert [one.kind for one in report.said.files] == ["message/rfc822", "image/png"]
        decide.settle(here_desk, report.id, Wanted(outcome="dangerous", person=WHO, answer="<b>No"))
        assert "&lt;b&gt;No" in client.get(found[0]).text
        twice = client.post("/report", data={"text": SCAM}, files=files)
        assert "<h2>Dangerous</h2>" in twice.text
        nothing = client.get("/report/" + "A" * 24)
        assert nothing.status_code == 404
        assert client.get("/report/x").content == nothing.content
        assert client.post(found[0]).status_code == 405
        assert client.post("/report", content=b"x").status_code == 422
        assert client.post("/report", content=b"x" * (26 << 20)).status_code == 413
    app.close()


def test_a_person_goes_through_reports_with_one_key_each(tmp_path: Path) -> None:
    place = tmp_path / "node"
    assert nodes.run("init", home=place).returncode == 0
    first, second = tmp_path / "a.eml", tmp_path / "b.eml"
    first.write_bytes(forwarded(mail("http://bad.example/ and http://bank.example/")))
    second.write_bytes(forwarded(mail("What a nice day")))
    told = nodes.run("reports", "take", first, second, home=place)
    assert "report 1: http://bad.example/ and 1 more: new" in told.stdout, told.stderr
    assert "a terminal" in nodes.run("reports", "triage", "--person", WHO, home=place).stderr
    said = _typed(
        ["reports", "triage", "--person", WHO, "--home", str(place)],
        [[b"\x1b[D", b"dh", b"x", b"1"], [b"h"]],
    )
    assert "2 of 2 cases are decided" in said, said
    listed = json.loads(nodes.run("reports", "list", "--json", home=place).stdout)
    assert [one["outcome"] for one in listed] == ["dangerous", "harmless"]
    assert [one["contact"] for one in listed] == [True, True]
    shown = nodes.run("documents", home=place).stdout
    assert shown.count("Reported by the public") == 1, shown
    digest = listed[0]["said"]["files"][0]["digest"]
    out = tmp_path / "out.eml"
    assert nodes.run("reports", "file", "1", digest[:10], out, home=place).returncode == 0
    assert out.read_bytes() == first.read_bytes()
    assert "cannot write" in nodes.run("reports", "file", "1", digest, out, home=place).stderr
    assert "no report 7" in nodes.run("reports", "show", "7", home=place).stderr
    unset = nodes.run("reports", "answer", home=place)
    assert (unset.returncode, "ACCORD_MAIL" in unset.stderr) == (1, True)


def _typed(words: list[str], keys: list[list[bytes]]) -> str:
    """What a command prints on a terminal where a person presses keys."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "accord", *words]
    said = ""
    pressed = iter(keys)
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True) as it:
        os.close(its)
        end = time.monotonic() + 60
        asked = 0
        while time.monotonic() < end:
            try:
                said += os.read(ours, 4_096).decode("utf-8", "replace")
            except OSError:
                break
            if said.count("quit: ") > asked:
                asked += 1
                for one in next(pressed):
                    os.write(ours, one)
                    time.sleep(0.3)
        it.wait(10)
    os.close(ours)
    return said
