"""Amounts in another currency: USD times the pinned rate to the last digit, and in no other session."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.domain.currency import DisplayCurrency, written_in
from planner.domain.document import DocumentError, dump_json, dump_yaml, parse_scenario
from planner.format import MINUS, shown, shown_unit, usd, usd_cents, usd_figure, usd_short, usd_small
from planner.store.link import decode, encode
from tests.samples import changed, sample_facts, sample_scenario

EUR = DisplayCurrency(code="EUR", units_per_usd=Decimal("0.895095"), as_of="2026-10-30", source="ECB")
CHF = changed(EUR, code="CHF", units_per_usd=Decimal("0.82295"))
JPY = changed(EUR, code="JPY", units_per_usd=Decimal("157.25"))
AMOUNTS = st.one_of(
    st.floats(-1e12, 1e12, allow_nan=False),
    st.floats(-200, 200, allow_nan=False),
    st.decimals(-(10**9), 10**9, allow_nan=False, places=4),
)
RATES = st.decimals(Decimal("0.0001"), Decimal(30_000), allow_nan=False, places=6)


def test_amounts_are_written_with_their_sign_or_code() -> None:
    assert usd(4727.0) == "$4,727"
    with written_in(EUR):  # 4727 x 0.895095 = 4231.114
        assert (usd(4727.0), usd(-4.0), usd_cents(4727.0)) == ("€4,231", f"{MINUS}€3.58", "4,231.11")
    with written_in(changed(EUR, code="GBP")):
        assert usd(4727.0) == "£4,231"
    with written_in(CHF):
        assert (usd(4727.0), usd(-4.0)) == ("CHF\u00a03,890", f"{MINUS}CHF\u00a03.29")


def test_a_currency_without_cents_shows_none() -> None:
    with written_in(JPY):  # 0.5 x 157.25 = 78.625; 4727.12 x 157.25 = 743339.62
        assert (usd(0.5), usd_cents(4727.12)) == ("JPY\u00a079", "743,340")
        assert usd_small(0.0003) == "JPY\u00a00.04718"  # 0.047175, half up


def test_units_and_axes_follow() -> None:
    assert shown_unit("USD/month") == "USD/month"
    assert (usd_short(-1200.0), usd_short(500.0)) == (f"{MINUS}$1.2k", "$500")
    with written_in(EUR):
        assert (shown_unit("USD/month"), shown_unit("Difference of NPV, USD")) == (
            "EUR/month",
            "Difference of NPV, EUR",
        )
        assert usd_short(-1200.0) == f"{MINUS}€1.2k"  # an axis hands over amounts in the currency shown
    with written_in(CHF):
        assert usd_short(1200.0) == "1.2k"


def read_back(text: str) -> Decimal:
    number = re.sub(r"[^\d.]", "", text)
    return -Decimal(number) if text.startswith(MINUS) else Decimal(number)


def half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@given(AMOUNTS, RATES)
def test_what_is_read_back_is_usd_times_the_rate_to_the_last_digit_shown(value: float | Decimal, rate: Decimal) -> None:
    exact = (value if isinstance(value, Decimal) else Decimal(repr(value))) * rate
    with written_in(changed(EUR, units_per_usd=rate)):
        assert read_back(usd_cents(value)) == half_up(exact, 2)
        small = usd(value)
        assert read_back(small) == half_up(half_up(exact, 2), 2 if "." in small else 0)
        unit = read_back(usd_figure(value))
        assert abs(unit - exact) <= abs(exact) * Decimal("0.0005001")  # half of the fourth digit


@given(AMOUNTS)
def test_a_rate_of_1_writes_the_figures_of_us_dollars(value: float | Decimal) -> None:
    dollars = (usd(value), usd_small(value), usd_cents(value), usd_figure(value))
    with written_in(changed(EUR, units_per_usd=Decimal(1))):
        assert (usd(value), usd_small(value), usd_cents(value), usd_figure(value)) == tuple(
            text.replace("$", "€") for text in dollars
        )


def test_the_currency_ends_with_its_block_whatever_happens_inside() -> None:
    with pytest.raises(RuntimeError), written_in(EUR), written_in(CHF):
        raise RuntimeError
    assert shown().code == "USD"
    with written_in(EUR), written_in(None):
        assert usd(1.0) == "$1.00"


def test_two_sessions_in_threads_do_not_see_each_other() -> None:
    both, rounds = Barrier(4, timeout=30), 300

    def session(currency: DisplayCurrency | None) -> set[str]:
        seen = set()
        for _ in range(rounds):
            with written_in(currency):
                both.wait()  # everybody is inside a block of its own
                seen.add(usd(1000.0) + shown_unit(" USD"))
            seen.add(shown().code)
        return seen

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(session, [EUR, None, CHF, EUR]))
    assert found == [
        {"€895 EUR", "USD"},
        {"$1,000 USD", "USD"},
        {"CHF\u00a0823 CHF", "USD"},
        {"€895 EUR", "USD"},
    ]


@pytest.mark.parametrize("write", [dump_yaml, dump_json])
def test_a_document_keeps_every_digit_of_the_rate(write: Any) -> None:
    scenario = sample_scenario(currency=EUR)
    assert parse_scenario(write(scenario), name="x") == scenario
    assert "0.895095" in write(scenario)
    assert decode(encode(scenario, sample_facts()))[0] == scenario


def problem(currency: str) -> str:
    text = dump_yaml(sample_scenario()).replace("currency: null", f"currency: {currency}")
    with pytest.raises(DocumentError) as caught:
        parse_scenario(text, name="plan.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("given_text", "said"),
    [
        (
            "{code: EUR}",
            (
                "currency: a currency needs its rate of one day, and as_of, source, units_per_usd are missing. "
                "Copy what `planner catalog fx EUR` prints."
            ),
        ),
        (
            "{code: CHF, units_per_usd: 0.8, source: ECB}",
            "and as_of is missing. Copy what `planner catalog fx CHF` prints.",
        ),
        ("{code: eur, units_per_usd: 0.9, as_of: 2026-10-30, source: ECB}", "currency.code: 'eur' is no currency code"),
        ("{code: USD, units_per_usd: 1, as_of: 2026-10-30, source: ECB}", "Leave the currency out."),
        ("{code: EUR, units_per_usd: 0, as_of: 2026-10-30, source: ECB}", "currency.units_per_usd: 0 is out of range"),
        ("{code: EUR, units_per_usd: '0,9', as_of: 2026-10-30, source: ECB}", "'0,9' is not a number"),
        ("{code: EUR, units_per_usd: 0.9, as_of: 2026-10, source: ECB}", "'2026-10' is not the day of a rate"),
        ("{code: EUR, units_per_usd: 0.9, as_of: 2026-13-30, source: ECB}", "currency.as_of"),
        ("EUR", "currency: 'EUR' stands where named fields belong"),
    ],
)
def test_a_currency_without_its_rate_is_refused_with_the_way_out(given_text: str, said: str) -> None:
    assert said in problem(given_text)


def test_rates_below_zero_are_no_rates() -> None:
    with pytest.raises(ValidationError):
        changed(EUR, units_per_usd=Decimal("-0.9"))
