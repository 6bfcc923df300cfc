"""Legal forms of companies, as data: what does not tell one supplier from another.

Forms at the end of a name that product matching knows (`ltd`, `gmbh`, `inc`, ...) are not repeated
here. Source: ISO 20275 (Entity Legal Forms), the forms of the countries that are met most.
"""

from __future__ import annotations

from typing import Final

WRITTEN: Final = (
    "株式会社", "有限会社", "合同会社", "合名会社", "合資会社", "一般社団法人", "(株)", "(有)",
    "有限公司", "주식회사", "(주)",
)  # fmt: skip
"""Taken out wherever they stand: these scripts put no space between words."""

AFTER: Final = (
    "kabushiki kaisha", "godo kaisha", "yugen kaisha", "private", "proprietary", "pte", "sdn bhd",
    "bhd", "tbk", "aktiengesellschaft", "aps", "gmbh co", "kft", "lda", "ltda", "ltee",
    "sl", "spol s r o", "s r o", "sro", "z o o", "sp z o o", "doo", "ood", "eood", "zrt",
    "nyrt", "pjsc", "ooo", "zao", "jsc", "ulc", "sl u", "slu", "sau", "eirl",
    "cv", "de cv", "sa de cv",
)  # fmt: skip
BEFORE: Final = ("kabushiki kaisha", "godo kaisha", "pt", "m s", "messrs", "ooo", "zao", "ao")
