"""Published cost examples, recomputed with the functions of this program to the publisher's rounding.

Where a published figure contradicts the example's own inputs, the right value is asserted and the printed one kept
beside it as wrong. Sites were read on 2026-11-20 unless another date is given.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from planner.capacity.ceiling import usd_per_mtok_floor
from planner.capacity.fleet import fleet_replicas, offered_load, replica_seconds
from planner.capacity.published import choose
from planner.catalog.rows import MeasuredRow
from planner.cost.api import request_usd
from planner.cost.owned import energy_usd_per_month, owned_servers, power_kw, straight_line_usd_per_month
from planner.cost.rented import rental_usd
from planner.cost.reserved import reserved_usd_per_month
from planner.cost.split import split_usd_per_mtok
from planner.decision.breakeven import Line, Staircase, linear_break_even, win_intervals
from planner.decision.requirements import required_utilisation
from planner.domain.prices import RateCard, TokenPrices
from planner.domain.workload import LatencyTarget
from planner.units import CALENDARS, HOURS_PER_DAY, MONTHS_PER_YEAR, MTOK, SECONDS_PER_DAY, SECONDS_PER_HOUR
from planner.workload.demand import ClassArrays

CENT = 0.005
HOURS_PER_YEAR = 365 * HOURS_PER_DAY


def prices(per_input: str | float, per_output: str | float, per_cached: str | float | None = None) -> TokenPrices:
    """USD per 1M tokens, rounded to the eight places that a price may have."""
    cached = None if per_cached is None else Decimal(str(per_cached))
    rates = (round(Decimal(str(p)), 8) for p in (per_input, per_output))
    fresh, output = rates
    return TokenPrices(
        rates=RateCard(input_usd_per_mtok=fresh, output_usd_per_mtok=output, cached_input_usd_per_mtok=cached)
    )


# --- C1: NVIDIA's spreadsheet LLM_TCO_Calculator.xlsx as shipped, 2025-10-24
# https://github.com/vinhngx/aiperf/tree/48cd015/notebooks (upstream https://github.com/ai-dynamo/aiperf/pull/559)
# Llama-3-8B on H100, 1,000 tokens in and 200 out, 18.9164733840835 requests/s on one GPU, peak 100 requests/s;
# a server of 8 GPUs $370,000 over 3 years, $20,000 hosting a year, $4,500 licence per GPU a year; reference $1 / $3

C1_RATE = 18.9164733840835
C1_SECONDS = 31_536_000


def c1_server_usd_per_year() -> float:
    # 370,000 / 3 + 20,000 + 8 x 4,500
    return float(straight_line_usd_per_month(370_000, 0, 36)) * MONTHS_PER_YEAR + 20_000 + 8 * 4500


def c1_split() -> tuple[float, float]:
    """Input and output USD per 1M of one never idle GPU, in the reference's ratio."""
    requests_m = C1_RATE * C1_SECONDS / MTOK
    split = split_usd_per_mtok(c1_server_usd_per_year() / 8, 1000 * requests_m, 200 * requests_m, 1, 3)
    assert split is not None
    return split


def test_nvidia_server_a_year() -> None:
    assert c1_server_usd_per_year() == pytest.approx(179_333.3333, abs=0.00005)


def test_nvidia_price_per_token_and_per_thousand_prompts() -> None:
    per_input, per_output = c1_split()
    assert per_input == pytest.approx(0.023485741188930025, rel=1e-12)
    assert per_output == pytest.approx(0.07045722356679007, rel=1e-12)
    thousand = 1000 * request_usd(prices(per_input, per_output), fresh=1000, generated=200)
    assert thousand == pytest.approx(0.03757718590228804, rel=1e-6)  # prices are rounded to 8 places
    assert 1000 * request_usd(prices(1, 3), fresh=1000, generated=200) == pytest.approx(1.6)


def test_nvidia_rents_parts_of_a_server_and_the_program_does_not() -> None:
    # 100 / 18.916 = 5.286 instances; the sheet takes 5.286 / 8 = 0.6608 servers and prints $118,503.41 a year
    load = float(offered_load(100, 1 / C1_RATE))
    assert load == pytest.approx(5.286397626533335, rel=1e-12)
    assert load / 8 * c1_server_usd_per_year() == pytest.approx(118_503.41346145557, rel=1e-12)
    replicas = float(fleet_replicas(load))
    servers = float(owned_servers(replicas, 1, 8))
    assert (replicas, servers) == (6, 1)
    assert servers * c1_server_usd_per_year() == pytest.approx(179_333.33, abs=CENT)


C1_ROWS = [  # concurrency, requests/s, mean ms between tokens, p90 ms to the first token
    (1, 1.018414, 4.700, 46.4),
    (2, 1.946514, 4.829, 82.9),
    (5, 4.147680, 5.360, 160.1),
    (10, 6.986710, 5.901, 351.0),
    (50, 15.193576, 12.026, 1350.9),
    (100, 17.704800, 22.521, 2426.9),
    (250, 18.916473, 56.521, 6184.7),
]


def c1_chosen(ttft_ms: float, tpot_ms: float) -> float | None:
    """Concurrency of the row that the program takes for a target."""
    rows = [
        MeasuredRow(
            row_id=f"c{concurrency}",
            source_id="nvidia-sheet",
            model_name="Llama-3-8B",
            gpu_name="H100",
            n_gpu=1,
            engine="trtllm",
            input_tokens=1000,
            output_tokens=200,
            mode="closed",
            concurrency=concurrency,
            output_tokens_per_s=200 * rate,
            ttft_ms=ttft,
            tpot_ms=itl,
            derived=False,
            fit_ok=True,
            source_url="https://github.com/vinhngx/aiperf",
        )
        for concurrency, rate, itl, ttft in C1_ROWS
    ]
    target = LatencyTarget(ttft_slo_ms=ttft_ms, tpot_slo_ms=tpot_ms)
    found = choose(rows, target=target, shape=(1000, 200), compute_ceiling_tokens_per_s=60_000, offline_share=0.5)
    return found.row.concurrency if found else None


def test_nvidia_default_limit_of_ten_seconds_lets_the_slowest_row_in() -> None:
    assert c1_chosen(ttft_ms=10_000, tpot_ms=10_000) == 250
    assert c1_chosen(ttft_ms=250, tpot_ms=10_000) == 5
    assert c1_chosen(ttft_ms=2000, tpot_ms=12.1) == 50
    assert c1_chosen(ttft_ms=40, tpot_ms=10_000) is None


# --- C2: https://developer.nvidia.com/blog/llm-inference-benchmarking-how-much-does-your-llm-inference-cost/,
# copy of 2026-08-31


@pytest.mark.parametrize(("licences", "usd"), [(1, 87_500), (8, 119_000)], ids=["per server", "per GPU"])
def test_nvidia_blog_leaves_open_what_a_licence_covers(licences: int, usd: float) -> None:
    # $320,000 over 4 years + $3,000 hosting + $4,500 for a server or, as in NVIDIA's sheet, for each of 8 GPUs
    hardware = float(straight_line_usd_per_month(320_000, 0, 48)) * MONTHS_PER_YEAR
    assert hardware + 3000 + licences * 4500 == pytest.approx(usd)


# --- C5: docs/HYBRID_SAVINGS_AUDIT.md of github.com/redhat-performance/configiq @5233437, about 2026-09-23
# 4,000 tokens in and 1,000 out at $1 / $3; a replica does 100 output tokens/s, planned at 90 %, over 100 active hours
# with a peak of twice the mean; rented $2/h, bought $24,000 over 60 months

C5_CAPACITY = 81_000_000


def c5_replicas(tokens: float) -> float:
    per_request = replica_seconds(4000, 1000, 0, 1 / 100)
    peak_requests_per_s = tokens / 5000 / (100 * SECONDS_PER_HOUR) * 2
    return float(fleet_replicas(offered_load(peak_requests_per_s, per_request) / 0.9))


def test_configiq_whole_replicas() -> None:
    assert [c5_replicas(tokens) for tokens in (1e6, 40.5e6, C5_CAPACITY, C5_CAPACITY + 1)] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("tokens", "api", "rented", "bought"),
    [(1e6, 1.40, 200, 400), (40.5e6, 56.70, 200, 400), (C5_CAPACITY + 1, 113.40, 400, 800)],
)
def test_configiq_bills(tokens: float, api: float, rented: float, bought: float) -> None:
    assert request_usd(prices(1, 3), fresh=0.8 * tokens, generated=0.2 * tokens) == pytest.approx(api, abs=CENT)
    assert float(rental_usd(c5_replicas(tokens), 1, 2, 100)) == pytest.approx(rented)
    assert c5_replicas(tokens) * float(straight_line_usd_per_month(24_000, 0, 60)) == pytest.approx(bought)


def test_configiq_first_whole_token_that_wins() -> None:
    # $330 / $1.40 per 1M = 235.714285... M tokens: one token less still loses
    first = win_intervals(Line(0, 1.40 / MTOK), Staircase(fixed=0, unit=330, kappa=1e9)).first
    assert first is not None
    assert int(first) + 1 == 235_714_286
    assert 235_714_285 * 1.40 / MTOK < 330 < 235_714_286 * 1.40 / MTOK


# --- C7: docs/proposals/proposal-self-hosted-GLM5.2-model.html of github.com/redhat-performance/configiq @2174fd4,
# 2026-07-25: 8 servers at $11,597.84 a month + $900; 13,000 input tokens/s, 87 % of them cached, and 6,000 output

C7_MONTH_USD = 93_682.72


def test_glm_proposal_bill() -> None:
    month = float(rental_usd(8, 1, 11_597.84, 1)) + 900
    assert month == pytest.approx(C7_MONTH_USD, abs=CENT)
    assert 6 * month == pytest.approx(562_096.32, abs=CENT)
    assert 6 * month != pytest.approx(562_098, abs=0.5)  # printed


@pytest.mark.parametrize(
    ("rates", "blended", "utilisation"),
    [
        ((5, 25, 0.5), 8.64, 0.22),
        ((3, 15, 0.3), 5.18, 0.37),
        ((2.5, 15, 0.25), 5.11, 0.37),
        ((2, 10, 0.2), 3.45, 0.55),
    ],
)
def test_glm_proposal_break_even_utilisation(
    rates: tuple[float, float, float], blended: float, utilisation: float
) -> None:
    second = request_usd(prices(*rates), fresh=0.13 * 13_000, cached=0.87 * 13_000, generated=6000)
    per_mtok = second / 19_000 * MTOK
    assert per_mtok == pytest.approx(blended, abs=0.005)
    capacity_mtok = 19_000 * SECONDS_PER_DAY * 30 / MTOK
    assert required_utilisation(per_mtok, capacity_mtok, 0, C7_MONTH_USD, 1) == pytest.approx(utilisation, abs=0.005)


# --- C8: finops.org/wg/cost-estimation-of-ai-workloads/, 2025-09-15: 1,000 transactions an hour, 12 hours a day, for
# 30 days

C8_PRICES = {
    "GPT-3.5-16K": (1, 2),
    "GPT-4-8K": (30, 60),
    "Cohere": (1.5, 2),
    "Claude Instant": (1.63, 5.51),
    "Claude 2": (11.02, 32.68),
}


@pytest.mark.parametrize(
    ("tokens", "printed"),
    [
        ((150, 50), (90.00, 2700.00, 117.00, 187.20, 1183.32)),
        ((1000, 150), (468.00, 14_040, 648, 884.34, 5731.92)),
    ],
)
def test_finops_per_token_tables(tokens: tuple[int, int], printed: tuple[float, ...]) -> None:
    for per_mtok, usd in zip(C8_PRICES.values(), printed, strict=True):
        one = request_usd(prices(*per_mtok), fresh=tokens[0], generated=tokens[1])
        assert one * 1000 * 12 * 30 == pytest.approx(usd, abs=CENT)


C8_DEDICATED = [(1.30, 468), (6.50, 2340), (13.00, 4680), (1.52, 547.20), (7.09, 2552.40), (20.36, 7329.60)]


def test_finops_dedicated_table_pays_for_half_of_the_day() -> None:
    for per_hour, usd in C8_DEDICATED:
        assert float(rental_usd(1, 1, per_hour, 12 * 30)) == pytest.approx(usd, abs=CENT)
        always_on = float(rental_usd(1, 1, per_hour, CALENDARS["30d"].hours_per_month))
        assert always_on == pytest.approx(2 * usd, abs=2 * CENT)


def test_finops_text_and_table_disagree() -> None:
    largest = [float(rental_usd(1, 1, per_hour, 360)) for per_hour in (13.00, 20.36)]
    assert largest == pytest.approx([4680, 7329.60])
    assert largest != pytest.approx([5700, 7500], rel=0.02)  # the text


# --- C12: lenovopress.lenovo.com/lp2225, 2025-05-23, through copies that cite it: a server of 8 H100 for $833,806 that
# costs $0.87 an hour to run, against AWS p5 on demand and reserved


@pytest.mark.parametrize(
    ("cloud_usd_per_hour", "hours", "printed"),
    [(98.32, 8556, 8556), (77.43, 10_891, 10_890), (53.95, 15_708, 15_710), (33.00, 25_951, 25_942)],
    ids=["on demand", "1 year", "3 years", "$33 in a second paper"],
)
def test_lenovo_break_even_hours(cloud_usd_per_hour: float, hours: int, printed: int) -> None:
    found = linear_break_even(833_806, cloud_usd_per_hour - 0.87)
    assert found == pytest.approx(hours, abs=0.6)
    assert (printed == hours) == (found == pytest.approx(printed, abs=0.6))


def test_lenovo_cloud_year() -> None:
    assert float(rental_usd(1, 1, 98.32, HOURS_PER_YEAR)) == pytest.approx(861_283, abs=0.5)


# --- C13: calculator.md of github.com/llm-d/llm-d, pull request 555, 2025-12-18


def test_llmd_first_example() -> None:
    # 2 x $3.92 x 730 + 4 x $2.95 x 730 = $14,337; with $17, $36 and $50 of other cost $14,440
    gpus = float(rental_usd(2, 1, 3.92, 730)) + float(rental_usd(4, 1, 2.95, 730))
    assert gpus == pytest.approx(14_337, abs=0.5)
    assert gpus + 17 + 36 + 50 == pytest.approx(14_440, abs=0.5)


def test_llmd_second_example_is_misprinted() -> None:
    prefill = float(reserved_usd_per_month(8, 2, 4.15, 0.3, 730))
    decode = float(reserved_usd_per_month(16, 1, 3.06, 0.3, 730))
    assert [prefill, decode] == pytest.approx([33_930.40, 25_018.56], abs=CENT)
    assert prefill != pytest.approx(34_005, abs=1)  # printed
    assert decode != pytest.approx(25_026, abs=1)  # printed


# --- C15: Mithril's TCO space on huggingface.co, blog of 2023-09-20: $0.0015 and $0.002 per 1,000 tokens


def test_hugging_face_cost_per_request() -> None:
    one = request_usd(prices("1.5", "2"), fresh=500, generated=200)
    assert one == pytest.approx(0.00115)
    assert 1000 * one == pytest.approx(1.15)


# --- C17: example of github.com/artvandelay/api-vs-selfhost-skill, 2026-05-26: 350,000 questions a week, 1,000 tokens
# in and 500 out at $2.50 / $15, against one H100 at $2.89/h for 50 hours a week


def test_skill_example_prices_its_own_request_wrong() -> None:
    one = request_usd(prices("2.5", "15"), fresh=1000, generated=500)
    assert one == pytest.approx(0.0100)
    assert one != pytest.approx(0.01125, rel=0.01)  # printed
    api, own = 350_000 * one, float(rental_usd(1, 1, 2.89, 50))
    assert [api, own] == pytest.approx([3500, 144.50])
    assert api != pytest.approx(3937.50, rel=0.01)  # printed
    assert 1 - own / api == pytest.approx(0.9587, abs=0.00005)
    assert 1 - own / api != pytest.approx(0.9633, abs=0.00005)  # printed


def test_skill_example_break_even_at_its_own_and_at_the_right_price() -> None:
    assert linear_break_even(144.50, 0.01125) == pytest.approx(12_844, abs=0.5)
    assert linear_break_even(144.50, 0.0100) == pytest.approx(14_450)


def test_skill_example_never_asks_whether_one_gpu_is_enough() -> None:
    # 350,000 x 500 tokens in 50 h are 972 output tokens/s; a replica of 500 tokens/s has to be bought twice
    per_s = 350_000 / (50 * SECONDS_PER_HOUR)
    assert float(offered_load(per_s, 500)) == pytest.approx(972, abs=0.5)
    assert float(offered_load(per_s, 1500)) == pytest.approx(2917, abs=0.5)
    assert float(fleet_replicas(offered_load(per_s, replica_seconds(1000, 500, 0, 1 / 500)))) == 2


# --- C19: guide of github.com/gsampaio-rh/llm-locust, October 2025


def test_locust_price_of_a_saturated_gpu() -> None:
    assert usd_per_mtok_floor(1.47, 50) == pytest.approx(8.17, abs=CENT)
    assert usd_per_mtok_floor(1.47, 250) == pytest.approx(1.63, abs=CENT)
    assert float(reserved_usd_per_month(1, 1, 32.77 / 8, 0.4, 1)) == pytest.approx(2.46, abs=CENT)


@pytest.mark.parametrize("requests_per_s_per_replica", [0.5, 5, 50])
def test_locust_keeps_one_gpu_from_1_to_100_requests_a_second(requests_per_s_per_replica: float) -> None:
    # $1,310 at each load, and at $1.82 of its configuration instead of the $1.47 of its guide
    assert float(rental_usd(1, 1, 1.82, 720)) == pytest.approx(1310, abs=0.5)
    assert float(rental_usd(1, 1, 1.47, 720)) != pytest.approx(1310, abs=0.5)
    fleet = fleet_replicas(np.array([1.0, 10, 100]) / requests_per_s_per_replica)
    assert len(set(rental_usd(fleet, 1, 1.82, 720).tolist())) > 1


# --- C22: github.com/ui-insight/vandalizer/issues/648, 2026-08-18: the same text in three tokenizers


@pytest.mark.parametrize(
    ("reference", "counted", "ratio"),
    [(1122, 1608, 1.433), (1122, 1128, 1.005), (2299, 2341, 1.018), (2299, 2287, 0.995)],
    ids=["table, Qwen3-VL", "table, gpt-oss", "prose, Qwen3-VL", "prose, gpt-oss"],
)
def test_the_same_text_costs_what_its_tokenizer_makes_of_it(reference: int, counted: int, ratio: float) -> None:
    one = np.ones(1)
    text = ClassArrays(one, reference * one, 0 * one, 0 * one, 0 * one, 0 * one)
    other = text.in_tokens_of(counted / reference, 1)
    dollars = [request_usd(prices(3, 15), fresh=float(arrays.fresh_tokens[0]), generated=0) for arrays in (text, other)]
    assert dollars[1] / dollars[0] == pytest.approx(ratio, abs=0.0006)  # prints 2287 / 2299 = 0.9948 as 0.995


# --- C23: the split rule of GKE's recommender (google.cloud.gkerecommender_v1), output over input price 4 by default


@pytest.mark.parametrize("ratio", [1, 3, 4])
def test_gke_and_nvidia_split_by_the_same_rule(ratio: float) -> None:
    # USD per output token = GPU USD/s / (input tokens/s / r + output tokens/s); input = output / r
    usd_per_s, input_per_s, output_per_s = c1_server_usd_per_year() / 8 / C1_SECONDS, 1000 * C1_RATE, 200 * C1_RATE
    split = split_usd_per_mtok(usd_per_s, input_per_s / MTOK, output_per_s / MTOK, 1, ratio)
    assert split is not None
    assert split[1] / MTOK == pytest.approx(usd_per_s / (input_per_s / ratio + output_per_s), rel=1e-12)
    assert split[0] * input_per_s / MTOK + split[1] * output_per_s / MTOK == pytest.approx(usd_per_s, rel=1e-12)
    if ratio == 3:
        assert split == pytest.approx(c1_split(), rel=1e-12)


# --- Printed figures that contradict their own inputs


def test_learnai_break_even_is_a_thousand_times_off() -> None:
    # github.com/kshirol-dev, learnAI: $4,608 a month / $10 per 1M "0.46M tokens"
    volume_m = linear_break_even(4608, 10)
    assert volume_m == pytest.approx(460.8)
    assert volume_m != pytest.approx(0.46, rel=0.01)  # printed
    assert float(rental_usd(1, 1, 6.40, 720)) == pytest.approx(4608)  # cost of 720 h, capacity of 730 h
    assert float(rental_usd(1, 1, 6.40, 730)) == pytest.approx(4672)


def test_llmatlas_bill() -> None:
    # llmatlas.xyz: 1,000 users x 5 x 30 requests of 800 and 400 tokens, GPT-4o at $2.50 / $10, "$510"
    usd = 1000 * 5 * 30 * request_usd(prices("2.5", "10"), fresh=800, generated=400)
    assert usd == pytest.approx(900)
    assert usd != pytest.approx(510, rel=0.01)  # printed


def test_localized_ai_power() -> None:
    # localized-ai.com: 350 W at 0.30 per kWh around the clock, "55" a month
    bill = float(energy_usd_per_month(power_kw(0.35, 0.35, 1), 1, 0.30, 730))
    assert bill == pytest.approx(76.65, abs=CENT)
    assert bill != pytest.approx(55, rel=0.01)  # printed


def test_blackseed_year_counts_idle_hours_as_free() -> None:
    # blackseedusa: $1.65/h x 70 % "$10k a year"
    year = float(rental_usd(1, 1, 1.65, HOURS_PER_YEAR))
    assert year == pytest.approx(14_454)
    assert 0.7 * year == pytest.approx(10_000, rel=0.02)  # printed
    assert year != pytest.approx(10_000, rel=0.02)


def test_tanu_month() -> None:
    # tanusystems: $2.99 x 720 h "2,160"
    month = float(rental_usd(1, 1, 2.99, CALENDARS["30d"].hours_per_month))
    assert month == pytest.approx(2153, abs=0.5)
    assert month != pytest.approx(2160, abs=0.5)  # printed


def test_a_day_of_the_two_a100_is_not_its_price_per_million() -> None:
    # article on the maturing open-source stack: 5M tokens a day on $2,160 a month "about $14 a day"
    day = float(rental_usd(1, 2, 1.50, HOURS_PER_DAY))
    assert day == pytest.approx(72)
    assert usd_per_mtok_floor(3, 5 * MTOK / SECONDS_PER_DAY) == pytest.approx(14.40)
    assert day != pytest.approx(14, rel=0.05)  # printed
