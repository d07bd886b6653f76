"""The shipped workloads: measured, sourced, licensed, and decided; one answer pinned in full."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from planner.decision.resolve_throughput import NEAR_SHAPE_FACTOR
from planner.decision.throughput_sources import throughput_sources
from planner.domain.options import RentedOption
from planner.domain.result import BreakEven, OptionResult, Result
from tests.builders import WORKLOADS, answer, catalog, shipped

GOLDEN = Path(__file__).parent / "golden" / "azure-conversation.csv"
MEASURED = json.loads((WORKLOADS.parent / "traces" / "measured.json").read_text(encoding="utf-8"))
NAMES = sorted(path.name for path in WORKLOADS.glob("*.yaml"))
TRACES = {"azure-code.yaml": "code", "azure-conversation.yaml": "conv"}


def test_there_are_workloads() -> None:
    assert set(TRACES) | {"two-a100-example.yaml"} <= set(NAMES)


@pytest.mark.parametrize(("name", "trace"), TRACES.items())
def test_the_figures_are_those_measured_from_the_trace(name: str, trace: str) -> None:
    log: dict[str, Any] = MEASURED["request_logs"][f"azure2023_{trace}"]
    work = shipped(name).workload
    (kind,) = work.classes
    assert kind.requests_per_day == log["requests_per_day"]
    assert kind.fresh_input_tokens == log["input"]["mean_tokens"]
    assert kind.output_tokens == log["output"]["mean_tokens"]
    assert work.peak_to_mean == MEASURED["hour_of_week"][f"azure2024_{trace}"]["peaks"]["3600"]["requests_to_mean"]
    assert f"{log['requests']:,} requests" in work.source
    assert f"{int(log['window_s'] // 60)} minutes" in work.source


@pytest.mark.parametrize("name", NAMES)
def test_each_says_where_it_comes_from_and_under_what_licence(name: str) -> None:
    work = shipped(name).workload
    assert len(work.source) > 40
    assert work.licence
    assert work.as_of
    assert work.source_url.startswith("https://") or work.licence == "facts only"


@pytest.mark.parametrize("name", NAMES)
def test_each_is_decided_with_nothing_blocked(name: str) -> None:
    result = answer(shipped(name))
    assert result.verdict.status == "decided"
    assert [o.option_id for o in result.options if o.status == "blocked"] == []
    assert all(e.source and e.value for e in result.evidence)


@pytest.mark.parametrize("name", NAMES)
def test_every_throughput_is_below_what_the_gpus_can_compute(name: str) -> None:
    for option in answer(shipped(name)).options:
        if option.fleet is not None:
            assert option.fleet.compute_ceiling_fraction is not None
            assert 0 < option.fleet.compute_ceiling_fraction < 0.6
            assert 0 < option.fleet.utilisation_fraction < 1


@pytest.mark.parametrize("name", TRACES)
def test_a_throughput_far_from_every_published_run_is_modelled_and_the_run_is_shown_beside_it(name: str) -> None:
    question = shipped(name)
    own = [option for option in question.options if isinstance(option, RentedOption)]
    assert own
    for option in own:
        found = {item.source: item for item in throughput_sources(option, question, catalog().tables)}
        assert (found["modelled"].used, found["modelled"].evidence[0].origin) == (True, "modelled")
        assert (found["published"].shape_factor or 0) > NEAR_SHAPE_FACTOR
        assert "times off" in found["published"].evidence[0].note
        assert found["published"].evidence[0].source_url.startswith("https://")


def as_rows(result: Result) -> list[dict[str, str]]:
    """One line per per-token option; one per rented option and per-token option it is held against."""
    return [row for option in result.options for row in _rows(option, result.break_evens)]


def _rows(option: OptionResult, break_evens: tuple[BreakEven, ...]) -> list[dict[str, str]]:
    first = {"option_id": option.option_id, "tco_usd": f"{option.tco_usd:.2f}"}
    pairs = [(p.per_token_id, p.robust_tokens_per_day) for p in break_evens if p.self_host_id == option.option_id]
    return [
        first | {"against": against, "robust_break_even_tokens_per_day": "" if robust is None else f"{robust:.0f}"}
        for against, robust in pairs or [("", None)]
    ]


def test_the_azure_conversation_answer_is_the_pinned_one() -> None:
    """A change here moves the product's headline figures: read it, do not regenerate it blindly."""
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        pinned = list(csv.DictReader(file))
    result = answer(shipped("azure-conversation.yaml"))
    assert as_rows(result) == pinned
    assert (result.verdict.recommended_id, result.verdict.runner_up_id) == ("groq-gpt-oss-120b", "own-h200")


def test_the_azure_conversation_bills_add_up_by_hand() -> None:
    # Groq: 477,828 x 365/12 requests a month x (1,154.7 x $0.15 + 211.126 x $0.60) / 1M = $4,358.45 at the prices of
    # the library, plus 0.02 engineers of $190,372 a year = $317.29; 36 months and 16 h x $100 of setup
    result = answer(shipped("azure-conversation.yaml"))
    groq, own = result.option("groq-gpt-oss-120b"), result.option("own-h200")
    tokens_usd = 477_828 * 365 / 12 * (1154.7 * 0.15 + 211.126 * 0.60) / 1e6
    assert groq.months[1].tokens_usd == pytest.approx(tokens_usd)
    assert groq.tco_usd == pytest.approx(36 * (tokens_usd + 0.02 * 190_372 / 12) + 1600)
    # two H200s (one for the busiest hour, one spare), all hours of 36 months, 0.15 engineers, 120 h of setup, and
    # (6 updates x 16 h + 4 evaluations x 24 h) a year x $100 / 12 = $1,600 a month
    price = catalog().tables.gpu_price_by_id["runpod-h200-pod-on-demand"].usd_per_gpu_hour
    assert own.tco_usd == pytest.approx(36 * (2 * price * 730 + 0.15 * 190_372 / 12 + 1600) + 12_000)
    # levelised at 10 % a year: one-offs today, 36 bills at month ends
    factors = sum(1.1 ** (-m / 12) for m in range(1, 37))
    assert own.npv_usd == pytest.approx(12_000 + factors * (2 * price * 730 + 0.15 * 190_372 / 12 + 1600))
    assert own.levelised_usd_per_month == pytest.approx((own.npv_usd or 0) / factors)
