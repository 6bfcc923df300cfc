"""Examples of the lists that people fill in, each a document that its reader takes whole."""

from __future__ import annotations

from typing import Final

TEMPLATES: Final = {
    "contracts": (
        "#contracts: Ministry of Energy\n"
        "#date: 2026-10-31\n"
        "contract,supplier,lei,registry,domain,cpe vendor,product,release,agency,function,spend,"
        "currency,volume,unit,starts,ends,notice,impact\n"
        "E-2024-117,Gridview Systems Ltd,,AU-ABN:51824753556,gridview.example,gridview,"
        "GridView SCADA,4.4,Ministry of Energy,grid control,1200000.00,AUD,12,control rooms,"
        "2024-07-01,2027-06-30,2026-12-31,very high\n"
    ),
    "rates": (
        '{\n  "rates": "National bank",\n  "date": "2026-10-31",\n  "rows": [\n'
        '    {"currency": "AUD", "base": "USD", "day": "2026-10-30", "rate": "0.6512"}\n  ]\n}\n'
    ),
    "suppliers": (
        "suppliers: Reviewed suppliers\n"
        "date: 2026-10-31\n"
        "rows:\n"
        "  - entity: Gridview Systems\n"
        "    registry: AU-ABN:51824753556\n"
        "    domains: [gridview.example]\n"
        "    names: [Gridview Systems Ltd, GridView]\n"
        "    revenue low: 90000000\n"
        "    revenue high: 120000000\n"
        "    currency: AUD\n"
        "    year: 2025\n"
        "    source: annual report\n"
    ),
}
"""By kind."""
