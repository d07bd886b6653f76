"""Who pays: the parts are the bill to the cent, nobody pays less than nothing, and names do not matter."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.decision.log_price import as_it_was, on_option
from planner.decision.shares import shared_cents
from planner.decision.showback import BASES, Basis, Capacity, Showback, showback
from planner.decision.showback_log import NoOwners, TokenWeights, fleet_showback, tokens_showback
from planner.units import MTOK
from tests.builders import catalog, token_price, typed_api
from tests.usage_logs import log, row

CENT = Decimal("0.01")
BILLS = st.decimals(0, 100_000, places=2)
AMOUNTS = st.floats(0, 1e12, allow_subnormal=False)
OWNERS = st.dictionaries(st.text(max_size=6), AMOUNTS, min_size=1, max_size=8)


def shared_out(
    bill: Decimal, use: dict[str, float], basis: Basis, paid: float | None, shared: Decimal = Decimal(0)
) -> Showback:
    capacity = None if paid is None else Capacity(paid, use)
    return showback(bill, use, basis=basis, shared_by="tokens", capacity=capacity, shared_usd=shared)


@given(st.integers(0, 10**9), OWNERS)
def test_shares_are_whole_cents_that_add_up_and_each_is_its_exact_share_rounded(
    total: int, weights: dict[str, float]
) -> None:
    assume(sum(weights.values()) > 0)
    found = shared_cents(total, weights)
    whole = sum(map(Fraction, weights.values()))
    assert sum(found.values()) == total
    for name, share in found.items():
        assert abs(share - total * Fraction(weights[name]) / whole) < 1
        assert share >= 0
        assert share == 0 or weights[name] > 0


@given(BILLS, OWNERS, st.sampled_from(BASES), st.one_of(st.none(), AMOUNTS), st.floats(0, 1))
def test_used_idle_and_shared_are_the_bill_to_the_cent(
    bill: Decimal, use: dict[str, float], basis: Basis, paid: float | None, shared: float
) -> None:
    assume(basis != "allocation" or paid is not None)
    part = (bill * Decimal(repr(shared))).quantize(CENT, rounding="ROUND_DOWN")
    found = shared_out(bill, use, basis, paid, part)
    assert found.total("total_usd") == found.bill_usd == bill
    assert found.total("shared_usd") == part
    assert sum(found.total(name) for name in ("used_usd", "idle_usd", "shared_usd")) == bill
    for line in found.rows:
        assert min(line.used_usd, line.idle_usd, line.shared_usd) >= 0
    assert len([line for line in found.rows if line.attributed]) == len(use)


@given(BILLS, OWNERS, st.sampled_from(BASES), AMOUNTS, st.randoms())
def test_the_order_of_owners_does_not_matter(
    bill: Decimal, use: dict[str, float], basis: Basis, paid: float, shuffle: object
) -> None:
    names = list(use)
    getattr(shuffle, "shuffle")(names)  # noqa: B009
    again = {name: use[name] for name in names}
    assert shared_out(bill, use, basis, paid).rows == shared_out(bill, again, basis, paid).rows


@given(BILLS, OWNERS, st.integers(0, 2**20), st.integers(0, 2**20))
def test_an_owner_split_in_two_pays_the_same_together_within_a_cent(
    bill: Decimal, use: dict[str, float], one: int, other: int
) -> None:
    rest = {f"x{name}": amount for name, amount in use.items()}
    whole = shared_out(bill, rest | {"a": float(one + other)}, "usage", None)
    parts = shared_out(bill, rest | {"a": float(one), "b": float(other)}, "usage", None)
    assume(sum(rest.values()) + one + other > 0)

    def paid(found: Showback, *names: str) -> Decimal:
        return sum((r.total_usd for r in found.rows if r.attributed and r.owner in names), Decimal(0))

    assert abs(paid(whole, "a") - paid(parts, "a", "b")) <= CENT


def test_usage_without_a_name_is_a_row_of_its_own() -> None:
    found = shared_out(Decimal(10), {"": 1.0, "team-a": 3.0}, "usage", 8.0)
    assert [(r.name, r.used_usd, r.idle_usd) for r in found.rows] == [
        ("team-a", Decimal("3.75"), Decimal(0)),
        ("not attributed", Decimal("1.25"), Decimal(0)),
        ("nobody", Decimal(0), Decimal("5.00")),
    ]


def test_more_use_than_was_paid_for_leaves_nothing_idle_and_says_so() -> None:
    found = shared_out(Decimal(10), {"a": 12.0, "b": 4.0}, "usage", 8.0)
    assert [(r.owner, r.total_usd) for r in found.rows] == [("a", Decimal("7.50")), ("b", Decimal("2.50"))]
    assert "200.0%" in found.notes[0]


def test_what_cannot_be_shared_out_is_refused_with_every_reason() -> None:
    with pytest.raises(ValueError, match=r"below 0 \(credits\).*team-a: use cannot be below 0"):
        shared_out(Decimal(-1), {"team-a": -1.0}, "usage", None)
    with pytest.raises(ValueError, match="set aside for each owner"):
        showback(Decimal(1), {"a": 1.0}, basis="allocation", shared_by="x", capacity=Capacity(2))


def test_owners_pay_their_own_tokens() -> None:
    rollup = log(row(fresh=MTOK, owner="team-a"), row(fresh=2 * MTOK, owner="team-b"), row(output=MTOK, owner="team-a"))
    found = tokens_showback(on_option(rollup, catalog(), typed_api(token_price("3", "15"))), "usage")
    assert found.bill_usd == Decimal("24.00")
    assert [(r.owner, r.total_usd) for r in found.rows] == [("team-a", Decimal(18)), ("team-b", Decimal(6))]


def test_a_bill_above_the_tokens_is_shared_and_one_below_is_a_lower_price_for_all() -> None:
    rollup = log(row(fresh=MTOK, owner="team-a"), row(fresh=2 * MTOK, owner="team-b"))
    priced = on_option(rollup, catalog(), typed_api(token_price("3", "15")))  # $3 and $6
    above = tokens_showback(priced, "usage", Decimal(12))
    assert [(r.name, r.used_usd, r.shared_usd) for r in above.rows] == [
        ("team-b", Decimal(6), Decimal(0)),
        ("team-a", Decimal(3), Decimal(0)),
        ("nobody", Decimal(0), Decimal(3)),
    ]
    spread = tokens_showback(priced, "weighted", Decimal(12))
    assert [(r.owner, r.total_usd) for r in spread.rows] == [("team-b", Decimal(8)), ("team-a", Decimal(4))]
    below = tokens_showback(priced, "usage", Decimal("7.20"))
    assert [(r.owner, r.total_usd) for r in below.rows] == [("team-b", Decimal("4.80")), ("team-a", Decimal("2.40"))]
    assert "Billed 80.0%" in below.notes[0]


def test_a_commitment_that_was_not_used_is_shared() -> None:
    rollup = log(
        row("2026-10-01", hour=0, fresh=0, owner="team-a"), row("2026-10-31", hour=23, fresh=MTOK, owner="team-a")
    )
    option = typed_api(token_price("3", "15"), commitment_usd_per_month=100)
    (own, rest) = tokens_showback(on_option(rollup, catalog(), option), "usage").rows
    assert (own.used_usd, rest.name, rest.shared_usd) == (Decimal(3), "nobody", Decimal(97))


def test_a_fleet_is_paid_by_machine_time() -> None:
    # team-a: 1,000 prompt tokens x 1 s + 100 x 10 s = 2,000 s; team-b: (3,000 - 1,000 cached) x 1 s = 2,000 s
    rollup = log(row(fresh=1000, output=100, owner="team-a"), row(fresh=2000, cached_input_tokens=1000, owner="team-b"))
    weights = TokenWeights(1.0, 10.0, 1.0)
    found = fleet_showback(rollup, Decimal(100), weights, "usage", Capacity(16_000.0))
    assert [(r.name, r.total_usd) for r in found.rows] == [
        ("team-a", Decimal("12.50")),
        ("team-b", Decimal("12.50")),
        ("nobody", Decimal("75.00")),
    ]
    assert "an output token is 10 prompt tokens" in found.shared_by


def test_a_log_without_owners_says_how_to_import_it() -> None:
    with pytest.raises(NoOwners, match="--by team"):
        tokens_showback(as_it_was(log(row(fresh=1000)), catalog()), "usage")
