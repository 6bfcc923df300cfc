"""What a partner, or who writes into a log, may try: the hunt goes on, and hides no hit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import nodes
import pytest
from hunted import given, indicator, looked

from accord.core.errors import Invalid
from accord.exchange.hunting import sql
from accord.flows.hunting.archive import Limits
from accord.flows.hunting.hunt import Hunted
from accord.flows.hunting.port import Mapping
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
    "csv begins": f'time,query,user_agent\n1,a.b,"\n#Fields: date\n"\n1,{D},ua\n',
    "text": f'1893456000 GET "#Fields: x"\n{D}\n',
    "text begins": f"# a comment\n#Fields: x\n{D}\n",
    "open quote": f'{_W}{_AT} 5.6.7.1 " a.b 2\n{_AT} 5.6.7.1 ua {D} 2\n{_AT} 1.1.1.1 x" c.d 2\n',
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


@pytest.mark.parametrize(
    "expression", ["(x|.)*[a-z].{1000}q", "((a{20}){20}){20}", r"\pL{60}", "[\u00e9-\u1000]{60}"]
)
def test_an_expression_that_is_too_heavy_is_invalid(expression: str) -> None:
    with pytest.raises(Invalid, match="repetitions counted"):
        sql.weight(expression)


@pytest.mark.parametrize("expression", [r"^https?://[^/]+/[a-z]{3,30}\.php\?id=\d+$", r"\Q{9}\E"])
def test_usual_expressions_are_not_too_heavy(expression: str) -> None:
    assert sql.weight(expression) < 100


def test_no_regular_expression_takes_a_hunt_with_it(node: Node, tmp_path: Path) -> None:
    heavy = "(x|e|o|.)*[a-z].{700}q|" + "|".join(f"[a-y].{{{300 + n}}}z{n}" for n in range(30))
    wild = "%" + "a_%" * 12 + "b"
    bad = [
        indicator(2, f"[url:value MATCHES '{heavy}']", name="heavy"),
        indicator(3, f"[url:value LIKE '{wild}']", name="wild"),
        indicator(4, "[url:value MATCHES 'evil.*x$']", name="light"),
    ]
    nodes.give(node, given(GOOD, *bad))
    rows = "".join(f"1,http://h{n}.example/{'a' * 600}\n" for n in range(200))
    done = looked(node, log(tmp_path, f"time,url\n{rows}1,http://{D}/x\n1,x{'a' * 9000}\n"))
    assert names(done) == {"name", "light"}
    told = dict(done.not_evaluated)
    assert told.keys() == {bad[0]["id"], bad[2]["id"]}
    assert "repetitions counted" in told[str(bad[0]["id"])]
    assert "1 values in x.log are of over 8,192 bytes" in told[str(bad[2]["id"])]


def test_what_patterns_of_one_origin_take_is_bounded_and_told(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accord.store.hunting.observing.ALL_SECONDS", 0.0)
    nodes.give(node, given(GOOD, indicator(2, f"[url:value MATCHES '{D}']", name="left out")))
    done = looked(node, log(tmp_path, f"http://{D}/\n"))
    assert names(done) == {"name"}
    ((_, why),) = done.not_evaluated
    assert why.startswith("the patterns of this node took")


def test_parquet_that_grows_out_of_proportion_is_told_and_not_read(
    node: Node, tmp_path: Path
) -> None:
    nodes.give(node, given(GOOD))
    for name, said in (
        ("many", "'a' AS query FROM range(6000000)"),
        ("long", "repeat('a', 9000) AS query FROM range(40000)"),
    ):
        target = tmp_path / f"{name}.parquet"
        duckdb.execute(f"COPY (SELECT {said}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        done = looked(node, target)
        assert (done.records, [one.reason[:6] for one in done.troubles]) == (0, ["a bomb"])


def test_a_long_url_hides_nothing_behind_it(node: Node, tmp_path: Path) -> None:
    file = indicator(2, f"[file:hashes.MD5 = '{'ab' * 16}']", name="file")
    url = indicator(3, f"[url:value = 'http://{D}/x']", name="url")
    nodes.give(node, given(GOOD, file, url))
    long = "\u00e9" * 400_000
    rows = f"1,http://a.example/{long},\n2,http://{D}/x,{'ab' * 16}\n"
    done = looked(node, log(tmp_path, f"time,url,md5\n{rows}", "x.csv"))
    assert (names(done), done.troubles) == ({"name", "file", "url"}, [])


def test_the_name_of_a_file_need_be_no_text(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(GOOD))
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\xfe.log")).write_text(f"q {D}\n")
    (one,) = looked(node, folder).findings
    assert one.file == "logs/\\xff\\xfe.log"
    assert msgspec.json.encode(one)


_SPELLED = {
    "a%ff": ("[url:value = 'http://e.example/a%ff?q=%41']", "url", "http://e.example/a%FF?q=A"),
    "latin": ("[url:value = 'http://e.example/b%e9']", "url", "http://e.example/b%E9"),
    "port": ("[domain-name:value = 'b\u00fccher.example']", "host", "b\u00fccher.example:8080"),
    "sharp": ("[domain-name:value = 'stra\u00dfe.example']", "host", "xn--strae-oqa.example"),
    "brackets": ("[ipv4-addr:value = '5.6.7.8']", "dst_ip", "[5.6.7.8]"),
    "dot": ("[ipv4-addr:value = '5.6.7.8']", "dst_ip", "5.6.7.8."),
    "v6": ("[url:value = 'http://[2606:4700:bad::7]:8080/x']", "url",
           "http://[2606:4700:BAD:0::7]:8080/x"),
    "escaped": (f"[domain-name:value = '{D}']", "url", "http://ev%69l.example/x"),
    "mailto": ("[email-addr:value = 'bad@evil.example']", "mailfrom", "mailto:bad@evil.example"),
    "colon": ("[ipv6-addr:value = '2606:4700:bad::7']", "", "sshd: from 2606:4700:bad::7: refused"),
    "hex": ("[ipv4-addr:value = '5.6.7.8']", "", "from ::ffff:506:708 x"),
    "mapped": ("[ipv4-addr:value = '5.6.7.8']", "", "from ::ffff:5.6.7.8 x"),
}  # fmt: skip
_OTHERS = {
    "strasse": ("[domain-name:value = 'stra\u00dfe.example']", "host", "strasse.example"),
    "object identifier": ("[ipv4-addr:value = '1.3.6.1']", "", "snmp 1.3.6.1.4.1.9 ok"),
    "zeros": ("[ipv4-addr:value = '5.6.0.0/16']", "dst_ip", "005.006.007.008"),
    "over": ("[ipv4-addr:value = '5.6.0.0/16']", "dst_ip", "5.5.300.1"),
}


def test_spellings_are_found_and_others_are_not(node: Node, tmp_path: Path) -> None:
    every = _SPELLED | _OTHERS
    signs = (indicator(n, one[0], name=name) for n, (name, one) in enumerate(every.items()))
    nodes.give(node, given(*signs))
    folder = tmp_path / "logs"
    folder.mkdir()
    for name, (_, column, value) in every.items():
        log(folder, f"time,{column}\n1,{value}\n" if column else f"{value}\n", name)
    done = looked(node, folder, keep=False)
    found = {one.name for one in done.findings if one.file == f"logs/{one.name}"}
    assert found == set(_SPELLED)


def test_of_its_folder_the_archive_touches_its_own_files_alone(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(GOOD))
    looked(node, log(tmp_path, f"2020-01-01T00:00:00Z {D}\n"))
    folder = tmp_path / "node" / "hunting"
    (own,) = folder.glob("*.parquet")
    (folder / "table.parquet").write_bytes(own.read_bytes())
    (folder / "dir.parquet").mkdir()
    (folder / f"{'a' * 64}.parquet").symlink_to(folder / "table.parquet")
    (folder / "notes.part").write_text("mine")
    for one in ("table.parquet", "notes.part"):
        os.utime(folder / one, (1, 1))
    done = looked(node, limits=Limits(days=1))
    assert done.dropped is not None
    assert done.dropped.logs == 1
    assert not own.exists()
    left = {one.name for one in folder.iterdir()}
    assert {"table.parquet", "dir.parquet", f"{'a' * 64}.parquet", "notes.part"} <= left


def test_what_cannot_be_read_of_the_archive_is_told_each_time(node: Node, tmp_path: Path) -> None:
    looked(node, log(tmp_path, f"q {D}\n"))
    (own,) = (tmp_path / "node" / "hunting").glob("*.parquet")
    own.write_bytes(b"PAR1xxxx")
    assert len(looked(node, retro=True).troubles) == 1
    nodes.give(node, given(GOOD))
    assert [len(looked(node, retro=True).troubles) for _ in range(2)] == [1, 1]


def test_a_mapping_names_columns_that_there_are(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(GOOD))
    path = log(tmp_path, f"a;b\n1;{D}\n")
    said = Mapping(format="csv", delimiter=";", columns={"qurey": "b"})
    (one,) = looked(node, path, mapping=said).troubles
    assert "qurey" in one.reason
    for wrong in (b'frmat = "csv"', b'format = "xml"'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.toml.decode(wrong, type=Mapping)
