"""Contracts, rates and suppliers, written here."""

from __future__ import annotations

import json
from typing import Any

from stdnum.iso7064 import mod_97_10

HEAD = "contract,supplier,lei,registry,domain,cpe vendor,product,agency,spend,currency"


def lei(stem: str) -> str:
    """A made-up legal entity identifier whose check digits fit."""
    bare = f"99990000{stem}".upper().ljust(18, "0")[:18]
    return bare + str(mod_97_10.calc_check_digits(bare))


def contract(number: str, supplier: str, **fields: str) -> dict[str, str]:
    return {"contract": number, "supplier": supplier, "agency": "Ministry", **fields}


def contracts(*rows: dict[str, str], name: str = "ours", date: str = "2026-01-31") -> bytes:
    return written({"contracts": name, "date": date, "rows": rows})


def rates(*rows: tuple[str, str, str, str], name: str = "bank", date: str = "2026-01-31") -> bytes:
    listed = [
        {"currency": one, "base": base, "day": day, "rate": rate} for one, base, day, rate in rows
    ]
    return written({"rates": name, "date": date, "rows": listed})


def suppliers(*rows: dict[str, Any], name: str = "reviewed", date: str = "2026-01-31") -> bytes:
    return written({"suppliers": name, "date": date, "rows": rows})


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
