"""Small scenarios out of plain numbers: price and throughput typed in, so that a test shows its arithmetic."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from planner.catalog import catalog as catalog_module
from planner.catalog.catalog import Catalog
from planner.catalog.tables import Tables
from planner.decision.evaluate import evaluate
from planner.domain.base import Value
from planner.domain.document import parse_scenario
from planner.domain.options import (
    ApiOption,
    HostedOption,
    Operations,
    Option,
    RentedOption,
    TypedGpuPrice,
    TypedThroughput,
    TypedTokenPrice,
)
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass, Workload

ON = dt.date(2026, 11, 21)
WORKLOADS = Path(__file__).resolve().parents[1] / "data" / "workloads"
NO_PEOPLE = Operations(setup_hours=0, fte_fraction=0)

V = TypeVar("V", bound=Value)


@cache
def catalog() -> Catalog:
    """The shipped catalog, read once."""
    return catalog_module.load()


def tables() -> Tables:
    return catalog().tables


def changed(value: V, **updates: Any) -> V:
    """The same value with some fields replaced, validated anew."""
    return type(value).model_validate(value.model_dump() | updates)


def shipped(name: str) -> Scenario:
    """A workload of data/workloads."""
    return parse_scenario((WORKLOADS / name).read_bytes(), name=name)


def requests(per_day: float = 1000, fresh: float = 1000, output: float = 1000, **more: Any) -> TaskClass:
    """One class of requests."""
    return TaskClass.model_validate(
        {"class_id": "chat", "requests_per_day": per_day, "fresh_input_tokens": fresh, "output_tokens": output} | more
    )


def workload(*classes: TaskClass, **more: Any) -> Workload:
    return Workload.model_validate({"classes": classes or (requests(),), "peak_to_mean": 1} | more)


def token_price(input_usd: str = "3", output_usd: str = "15", **more: Any) -> TypedTokenPrice:
    """USD per 1M tokens, typed in."""
    return TypedTokenPrice.model_validate({"input_usd_per_mtok": input_usd, "output_usd_per_mtok": output_usd} | more)


def typed_api(price: TypedTokenPrice | None = None, **more: Any) -> ApiOption:
    """A per-token option with a typed price and no people."""
    fields = {"option_id": "api", "label": "API", "provider": "example", "model": "example", "operations": NO_PEOPLE}
    return ApiOption.model_validate(fields | {"price": price or token_price()} | more)


def listed(provider: str, model: str, **more: Any) -> HostedOption:
    """A per-token option at its catalog price, without people."""
    fields = {"option_id": "hosted", "label": "Hosted", "provider": provider, "model": model, "operations": NO_PEOPLE}
    return HostedOption.model_validate(fields | more)


def output_rate(tokens_per_s: float, **more: Any) -> TypedThroughput:
    """One replica's output tokens/s at the scenario's own mix, held at the latency target."""
    return TypedThroughput.model_validate({"output_tokens_per_s_per_replica": tokens_per_s, "held_at_slo": True} | more)


def rented(usd_per_gpu_hour: str = "3", **more: Any) -> RentedOption:
    """Llama 3.1 8B on one H100 at 100 output tokens/s, all of it typed in; no people, no spare."""
    fields: dict[str, Any] = {
        "option_id": "own",
        "label": "Own GPU",
        "model_id": "llama-3.1-8b",
        "format_id": "bf16",
        "gpu_id": "h100-sxm",
        "throughput": output_rate(100),
        "allowed_utilisation_fraction": 1,
        "spare_replicas": 0,
        "operations": NO_PEOPLE,
    }
    if "price_id" not in more:
        fields["price"] = TypedGpuPrice(usd_per_gpu_hour=Decimal(usd_per_gpu_hour))
    return RentedOption.model_validate(fields | more)


def scenario(*options: Option, work: Workload | None = None, **more: Any) -> Scenario:
    """The options against one workload, over a year unless said otherwise."""
    fields = {"name": "test", "horizon_months": 12, "workload": work or workload(), "options": options}
    return Scenario.model_validate(fields | more)


def answer(question: Scenario) -> Result:
    """Evaluated with the shipped catalog on the day the tests are about."""
    return evaluate(question, catalog(), ON)
