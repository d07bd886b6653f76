"""Published showback examples, recomputed with the functions of this program.

Sites were read on 2026-11-20.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from planner.decision.showback import Basis, Capacity, showback

# --- C16: llm-d's cost-metrics primer: 8 CPU at $10 an hour; app-a asks for 3 and uses 1, app-b asks for 1 and uses 1

BILL = Decimal("10.00")
USE = {"app-a": 1.0, "app-b": 1.0}
REQUESTED = {"app-a": 3.0, "app-b": 1.0}


def pays(basis: Basis) -> dict[str, Decimal]:
    found = showback(BILL, USE, basis=basis, shared_by="CPU", capacity=Capacity(8, REQUESTED))
    assert found.total("total_usd") == BILL
    return {row.name: row.total_usd for row in found.rows}


@pytest.mark.parametrize(
    ("basis", "app_a", "app_b", "nobody"),
    [
        ("allocation", "3.75", "1.25", "5.00"),  # 3/8 and 1/8 of $10; 4 CPU idle
        ("usage", "1.25", "1.25", "7.50"),  # 1/8 each; the rest is not attributed
        ("weighted", "7.50", "2.50", None),  # the idle $5.00 as 3.75 : 1.25
    ],
)
def test_llm_d_primer(basis: Basis, app_a: str, app_b: str, nobody: str | None) -> None:
    expected = {"app-a": Decimal(app_a), "app-b": Decimal(app_b)}
    assert pays(basis) == expected | ({"nobody": Decimal(nobody)} if nobody else {})
