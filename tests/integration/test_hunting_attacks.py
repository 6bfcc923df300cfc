"""What a partner, or who writes into a log, may try: the hunt goes on, and hides no hit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
from hunted import given, indicator, looked

from accord.flows.hunting.hunt import Hunted
from accord.wiring import Node

duckdb = pytest.importorskip("duckdb")

D = "evil.example"
GOOD = indicator(1, f"[domain-name:value = '{D}']", name="name")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.hunting.close()
    made.engine.dispose()


def log(folder: Path, data: str | bytes, name: str = "x.log") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def names(done: Hunted) -> set[str]:
    return {one.name for one in done.findings}


def test_a_number_of_thousands_of_digits_ends_no_hunt(node: Node, tmp_path: Path) -> None:
    bad = indicator(2, f"[a:b = 'c'] REPEATS {'9' * 5000} TIMES")
    nodes.give(node, given(GOOD, bad))
    done = looked(node, log(tmp_path, f"q {D}\n"))
    assert names(done) == {"name"}
    ((name, why),) = done.not_evaluated
    assert (name, "5,000 characters" in why) == (bad["id"], True)


def test_a_network_with_spaces_is_the_network(node: Node, tmp_path: Path) -> None:
    spaced = indicator(2, "[ipv4-addr:value = ' 5.6.0.0/16 ']", name="spaced")
    nodes.give(node, given(GOOD, spaced))
    done = looked(node, log(tmp_path, f"q {D} 5.6.7.8\n"))
    assert names(done) == {"name", "spaced"}
    assert {one.told for one in done.findings} == {D, "5.6.0.0/16"}
    assert len(done.sightings) == 2


_Z = "#separator \\x09\n#fields\tts\tid.resp_h\tquery\n"
_W = "#Software: a server\n#Fields: date time c-ip cs(User-Agent) cs-host sc-status\n"
_AT = "2030-01-01 00:00:00"
_SAID = {
    "zeek": f"{_Z}1\t9.9.9.9\t#Fields: x\n1\t5.6.7.8\t{D}\n",
    "csv": f'time,query,user_agent\n1,a.b,"#Fields: x"\n1,{D},ua\n',
    "csv begins": f'time,query,user_agent\n1,a.b,"\n#Fields: x\n"\n1,{D},ua\n',
    "text": f'1893456000 GET "#Fields: x"\n{D}\n',
    "text begins": f"# a comment\n#Fields: x\n{D}\n",
    "open quote": f'{_W}{_AT} 5.6.7.1 " a.b 200\n{_AT} 5.6.7.1 ua {D} 200\n{_AT} 1.1.1.1 x" c.d 2\n',
    "quoted": f'{_W}{_AT} 5.6.7.1 "Evil Bot/1.0" {D} 200\n',
    "short": f"{_W}{_AT} {D}\n",
    "new fields": f"{_W}{_AT} 5.6.7.1 ua a.b 2\n#Fields: cs-host c-ip\n{D} 5.6.7.1\n",
    "new fields agent": f"{_W}{_AT} 5.6.7.1 Evil+Bot/1.0 {D} 2\n#Fields: cs-host\na.b\n",
    "csv quote": f'time,query,user\n1,a.b,"open\n2,{D},u\n3,a.b,close"\n',
    "csv quote twice": f'time,query,user,user\n1,a.b,x,"open\n2,{D},u\n3,a.b,close"\n',
}


@pytest.mark.parametrize("case", _SAID)
def test_words_in_a_log_do_not_change_how_the_rest_is_read(
    node: Node, tmp_path: Path, case: str
) -> None:
    nodes.give(node, given(GOOD))
    done = looked(node, log(tmp_path, _SAID[case]), keep=False)
    assert names(done) == {"name"}
    assert {one.count for one in done.findings} == {1}


@pytest.mark.parametrize("case", ["quoted", "new fields agent"])
def test_user_agents_of_web_servers_are_read_with_spaces(
    node: Node, tmp_path: Path, case: str
) -> None:
    agent = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
    nodes.give(node, given(indicator(2, f"[{agent} = 'Evil Bot/1.0']", name="agent")))
    assert names(looked(node, log(tmp_path, _SAID[case]))) == {"agent"}


def test_a_row_that_is_not_of_the_columns_is_told(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(GOOD))
    done = looked(node, log(tmp_path, _SAID["short"]))
    ((line, why),) = [(one.line, one.reason) for one in done.troubles]
    assert (line, why) == (1, "not of its columns: looked at as plain text")
