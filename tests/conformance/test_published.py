"""Figures that others have published, recomputed with the functions of this program.

Where a publisher's own figures contradict each other, both the right value and the printed one are pinned.
"""

from __future__ import annotations

import pytest

from planner.capacity.ceiling import usd_per_mtok_floor
from planner.capacity.memory import weight_bytes
from planner.cost.api import request_usd
from planner.cost.rented import rental_usd
from planner.decision.breakeven import linear_break_even
from planner.decision.resolve import typed_token_prices
from planner.units import CALENDARS, GB_BYTES, MTOK
from tests.builders import answer, output_rate, rented, requests, scenario, token_price, typed_api, workload

CENT = 0.005

# --- C3: induwara.lk/tools/ai-self-hosting-cost-calculator, 2026-06-09, its default inputs:
# 120M input and 40M output tokens a month at $0.25 / $2, one GPU at $1.19/h, 15 % overhead, 2,500 tokens/s

C3_HOURS = 24 * 30.4  # 729.6, as given


def test_induwara_api_bill() -> None:
    # 120 x $0.25 + 40 x $2 = $30 + $80 = $110.00
    prices = typed_token_prices(token_price("0.25", "2"))
    assert request_usd(prices, fresh=120 * MTOK, generated=40 * MTOK) == pytest.approx(110.00, abs=CENT)


def test_induwara_self_host_bill() -> None:
    # $1.19 x 729.6 h = $868.224; 15 % of it $130.23; together $998.46; $888.46 more than the API
    gpu = float(rental_usd(1, 1, 1.19, C3_HOURS))
    assert 0.15 * gpu == pytest.approx(130.23, abs=CENT)
    assert 1.15 * gpu == pytest.approx(998.46, abs=CENT)
    assert 1.15 * gpu - 110.00 == pytest.approx(888.46, abs=CENT)


def test_induwara_break_even() -> None:
    # $110 / 160M = $0.6875 per 1M; $998.46 / $0.6875 = 1,452M tokens a month
    volume_m = linear_break_even(1.15 * float(rental_usd(1, 1, 1.19, C3_HOURS)), 110 / 160)
    assert volume_m == pytest.approx(1452, abs=0.5)


def test_induwara_capacity() -> None:
    # 2,500 tokens/s x 3,600 s x 729.6 h = 6.57B tokens a month, so 868.224 / 6,566.4 = $0.1322 per 1M when never idle
    capacity = 2500 * 3600 * C3_HOURS
    assert capacity == pytest.approx(6.57e9, abs=0.005e9)
    assert usd_per_mtok_floor(1.19, 2500) == pytest.approx(868.224 / (capacity / 1e6), rel=1e-12)


def test_induwara_break_even_end_to_end() -> None:
    # The same question put to the whole program: its month is 730 h and 365/12 days, so $998.46 x 730 / 729.6 and the
    # break-even volume a DAY is 1,452M x 12 / 365 x 730 / 729.6; one GPU is enough, 6.57B > 1.45B.
    days = CALENDARS["avg"].days_per_month
    chat = requests(1000, 120 * MTOK / days / 1000, 40 * MTOK / days / 1000)
    own = rented("1.3685", throughput=output_rate(2500 * 40 / 160))  # $1.19 + 15 %; a quarter of the tokens is output
    result = answer(scenario(typed_api(token_price("0.25", "2")), own, work=workload(chat)))
    assert result.option("api").usd_per_month == pytest.approx(110.00, abs=CENT)
    assert result.option("own").usd_per_month == pytest.approx(998.46 * 730 / C3_HOURS, abs=0.01)
    assert result.break_evens[0].first_tokens_per_day == pytest.approx(1452.3e6 / days * 730 / C3_HOURS, rel=1e-4)


# --- C4: llmtco.com/methodology, read 2026-11-20


def test_llmtco_api_bill() -> None:
    # 1M x $3 + 0.5M x $15 = $10.50
    prices = typed_token_prices(token_price("3", "15"))
    assert request_usd(prices, fresh=1 * MTOK, generated=0.5 * MTOK) == pytest.approx(10.50, abs=CENT)


def test_llmtco_rent_is_billed_busy_or_idle() -> None:
    # $1.50 x 730 h = $1,095.00. The publisher multiplies by 30 % utilisation and prints $328.50:
    # but an idle GPU is not free.
    always_on = float(rental_usd(1, 1, 1.50, CALENDARS["avg"].hours_per_month))
    assert always_on == pytest.approx(1095.00, abs=CENT)
    assert always_on * 0.30 == pytest.approx(328.50, abs=CENT)


@pytest.mark.parametrize("busy", [0.1, 0.3, 1.0])
def test_llmtco_utilisation_never_multiplies_the_bill(busy: float) -> None:
    chat = requests(busy * 86_400, 0, 100)  # one request fills one second of the replica
    own = answer(scenario(rented("1.5"), work=workload(chat))).option("own")
    assert own.fleet is not None
    assert own.fleet.utilisation_fraction == pytest.approx(busy)
    assert own.usd_per_month == pytest.approx(1095.00, abs=CENT)


def test_llmtco_break_even_and_unit_cost() -> None:
    # $320 / $3 per 1M = 106.7M tokens; $1.50/h at 2,000 tokens/s = $0.2083 per 1M (printed 0.21)
    assert linear_break_even(320, 3) == pytest.approx(106.7, abs=0.05)
    assert usd_per_mtok_floor(1.50, 2000) == pytest.approx(0.2083, abs=0.00005)


def test_llmtco_memory() -> None:
    # 70e9 x 2 bytes = 140 GB, "without its own factor of 1.2": 168 GB with it
    weights_gb = weight_bytes(70e9, 16) / GB_BYTES
    assert weights_gb == pytest.approx(140)
    assert 1.2 * weights_gb == pytest.approx(168)


# --- C9: inferencex.semianalysis.com/compare, read 2026-11-20: output tokens/s per GPU and the $ per 1M printed beside
# them, at $1.95/h (B200), $1.28/h (MI325X) and $1.30/h (H100). The site interpolates both, so it is within 3 %.

C9 = [
    ("gpt-oss-120B fp4 1k/1k, B200", 1.95, [(25_319.6, 0.022), (22_212.9, 0.024), (20_938.8, 0.026)]),
    ("gpt-oss-120B fp4 1k/1k, MI325X", 1.28, [(1998.6, 0.179), (1207.8, 0.295), (834.5, 0.427)]),
    ("DeepSeek-R1 fp8, B200", 1.95, [(4791.6, 0.113), (1020.2, 0.544), (497.5, 1.088)]),
    ("DeepSeek-R1 fp8, H100", 1.30, [(266.3, 1.365), (73.4, 4.864), (23.3, 15.692)]),
]


@pytest.mark.parametrize(("name", "usd_per_hour", "rows"), C9, ids=[name for name, *_ in C9])
def test_inferencex_price_of_a_saturated_gpu(name: str, usd_per_hour: float, rows: list[tuple[float, float]]) -> None:
    # e.g. $1.95 / (25,319.6 x 3,600 / 1M) = $0.0214
    for tokens_per_s, printed in rows:
        assert usd_per_mtok_floor(usd_per_hour, tokens_per_s) == pytest.approx(printed, rel=0.03), name


@pytest.mark.parametrize(
    ("stated_usd_per_hour", "implied_usd_per_hour", "rows"),
    [
        (1.95, 1.73, [(1631.4, 0.295), (1121.2, 0.429), (780.1, 0.616)]),
        (2.34, 2.26, [(1269.2, 0.495), (941.3, 0.667), (683.0, 0.919)]),
    ],
    ids=["B200", "B300"],
)
def test_inferencex_glm_rows_contradict_the_hourly_price_of_the_same_site(
    stated_usd_per_hour: float, implied_usd_per_hour: float, rows: list[tuple[float, float]]
) -> None:
    for tokens_per_s, printed in rows:
        assert usd_per_mtok_floor(implied_usd_per_hour, tokens_per_s) == pytest.approx(printed, rel=0.005)
        assert usd_per_mtok_floor(stated_usd_per_hour, tokens_per_s) != pytest.approx(printed, rel=0.03)
