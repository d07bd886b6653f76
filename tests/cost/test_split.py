"""The reference-price rule: it recovers the fleet's cost, and two public rules are this one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.split import split_usd_per_mtok

positive = st.floats(1e-3, 1e6)
amount = st.one_of(st.just(0.0), positive)


@given(fleet=amount, tokens_in=amount, tokens_out=positive, reference_in=amount, reference_out=positive)
def test_the_two_prices_recover_the_fleet_in_the_ratio_of_the_reference(
    fleet: float, tokens_in: float, tokens_out: float, reference_in: float, reference_out: float
) -> None:
    prices = split_usd_per_mtok(fleet, tokens_in, tokens_out, reference_in, reference_out)
    assert prices is not None
    assert tokens_in * prices[0] + tokens_out * prices[1] == pytest.approx(fleet)
    assert prices[1] * reference_in == pytest.approx(prices[0] * reference_out)


@given(fleet=positive, tokens_in=positive, tokens_out=positive, scale=positive)
def test_only_the_ratio_of_the_reference_matters(
    fleet: float, tokens_in: float, tokens_out: float, scale: float
) -> None:
    one = split_usd_per_mtok(fleet, tokens_in, tokens_out, 1, 3)
    assert split_usd_per_mtok(fleet, tokens_in, tokens_out, scale, 3 * scale) == pytest.approx(one)


@given(tokens_in=positive, tokens_out=positive, price_in=amount, price_out=positive)
def test_a_fleet_that_costs_the_reference_bill_splits_into_the_reference(
    tokens_in: float, tokens_out: float, price_in: float, price_out: float
) -> None:
    bill = tokens_in * price_in + tokens_out * price_out
    assert split_usd_per_mtok(bill, tokens_in, tokens_out, price_in, price_out) == pytest.approx((price_in, price_out))


def test_without_billable_tokens_there_is_no_price() -> None:
    assert split_usd_per_mtok(1000, 0, 0, 1, 3) is None
    assert split_usd_per_mtok(1000, 5, 0, 0, 3) is None  # the reference gives input away, and there is no output
    assert split_usd_per_mtok(0, 5, 5, 1, 3) == (0, 0)


REQUESTS_PER_S = 18.9164733840835
SERVER_USD_PER_YEAR = 370_000 / 3 + 20_000 + 8 * 4_500


def test_vendor_spreadsheet() -> None:
    """An H100 server of 8 instances at peak 100 requests/s of 1,000 + 200 tokens, reference $1 and $3."""
    assert pytest.approx(179_333.33333333334) == SERVER_USD_PER_YEAR
    fleet_usd = 100 / REQUESTS_PER_S / 8 * SERVER_USD_PER_YEAR  # the sheet buys part of a server
    assert fleet_usd == pytest.approx(118_503.41346145557)
    requests_m = 100 * 365 * 86_400 / 1e6
    prices = split_usd_per_mtok(fleet_usd, 1000 * requests_m, 200 * requests_m, 1, 3)
    assert prices == pytest.approx((0.023485741188930025, 0.07045722356679007))


@pytest.mark.parametrize("ratio", [3, 4])
def test_rule_of_a_cloud_guide(ratio: float) -> None:
    """USD per output token = GPU USD/s / (input tokens/s / r + output tokens/s); input is 1 / r of it."""
    usd_per_s = SERVER_USD_PER_YEAR / 8 / (365 * 86_400)
    input_per_s, output_per_s = 1000 * REQUESTS_PER_S, 200 * REQUESTS_PER_S
    output_usd = usd_per_s / (input_per_s / ratio + output_per_s)
    prices = split_usd_per_mtok(usd_per_s, input_per_s / 1e6, output_per_s / 1e6, 1, ratio)
    assert prices == pytest.approx((output_usd / ratio * 1e6, output_usd * 1e6))
    assert input_per_s * output_usd / ratio + output_per_s * output_usd == pytest.approx(usd_per_s)
