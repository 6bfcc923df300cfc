from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from sealed import NOW

from accord.core.errors import Invalid
from accord.exchange import receipts
from accord.exchange.receipts import START, Chain, Line


def line(number: int, **change: str) -> Line:
    first = Line(
        number, NOW, "indicator--1", NOW, "AMBER", "sync", "partner:japan", "yes", "member"
    )
    return msgspec.structs.replace(first, **change)


def rows(count: int) -> list[tuple[int, bytes, bytes]]:
    lines = [line(number) for number in range(1, count + 1)]
    chained = receipts.chain(START, lines)
    return [(number, *row) for number, row in enumerate(chained, start=1)]


def test_a_line_has_one_form() -> None:
    data = receipts.write(line(1))
    assert data.decode() == (
        f'{{"at":"{NOW}","decision":"yes","number":1,"object":"indicator--1",'
        f'"recipient":"partner:japan","rule":"member","tlp":"AMBER","version":"{NOW}",'
        f'"way":"sync"}}'
    )
    assert receipts.read(data) == line(1)
    assert receipts.read(receipts.write(line(1, digest="00"))).digest == "00"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"\xff",
        receipts.write(line(1)) + b" ",
        receipts.write(line(1)).replace(b"}", b',"more":1}'),
        receipts.write(line(1)).replace(b"}", b',"way":"sync"}'),
        receipts.write(line(1)).replace(b"1,", b'"1",', 1),
    ],
)
def test_what_is_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        receipts.read(data)


def test_each_hash_is_over_the_one_before_and_the_line() -> None:
    (_, first, one), (_, second, two) = rows(2)
    assert one == sha256(bytes(32) + first).digest()
    assert two == sha256(one + second).digest()


def test_a_whole_chain_ends_in_its_head() -> None:
    assert receipts.verify_chain([]) == Chain(0, START)
    kept = rows(5)
    assert receipts.verify_chain(kept) == Chain(5, kept[4][2])
    assert receipts.verify_chain(kept[2:], kept[1][2], 3) == Chain(3, kept[4][2])


def test_a_chain_is_continued() -> None:
    kept = rows(3)
    ((data, following),) = receipts.chain(kept[-1][2], [line(4)])
    assert receipts.verify_chain([*kept, (4, data, following)]) == Chain(4, following)


def test_a_line_left_out_or_moved_is_found() -> None:
    kept = rows(5)
    assert receipts.verify_chain(kept[1:]) == Chain(0, START, 1)
    assert receipts.verify_chain(kept[:2] + kept[3:]) == Chain(2, kept[1][2], 3)
    assert receipts.verify_chain([kept[0], kept[2], kept[1]]) == Chain(1, kept[0][2], 2)
    assert receipts.verify_chain([kept[0], kept[0]]) == Chain(1, kept[0][2], 2)


def test_a_line_says_its_own_number() -> None:
    (_, data, following), *_ = rows(1)
    assert receipts.verify_chain([(2, data, following)]) == Chain(0, START, 1)
    data, following = next(iter(receipts.chain(START, [line(7)])))
    assert receipts.verify_chain([(1, data, following)]) == Chain(0, START, 1)
    junk = b"not a line"
    assert receipts.verify_chain([(1, junk, sha256(START + junk).digest())]) == Chain(0, START, 1)
