"""What the Capacity page asks: the scenario's own figures, with what was typed over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import streamlit as st
from pydantic import BaseModel, ValidationError

from planner.catalog.tables import Tables
from planner.domain.capacity import CapacityRequest
from planner.domain.options import RentedOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.workload import LatencyTarget
from planner.format import short
from planner.units import SECONDS_PER_DAY
from planner.web.state import draft
from planner.workload.demand import demand

TYPED = "capacity-typed"
EPOCH = "capacity-epoch"
LATENCY = tuple(LatencyTarget.model_fields)
USUAL_MODEL, USUAL_FORMAT = "llama-3.3-70b", "fp8"
LEAST_PER_S = 1e-6
"""Less than one request in eleven days is rounded up to that."""
V = TypeVar("V", bound=BaseModel)
Asked = dict[str, Any]
"""Fields of the request and of its latency target, in one flat table."""


class Start(NamedTuple):
    """What a scenario asks, and what had to be assumed for it."""

    asked: Asked
    said: tuple[str, ...]
    peak_to_mean: float


def start(scenario: Scenario, tables: Tables) -> Start:
    """The request that a scenario makes: mean shape of its classes, its peak, its target, its first own model."""
    total, said = demand(scenario.workload), list[str]()
    requests, mean = total.requests_per_day, total.requests_per_day / SECONDS_PER_DAY
    peak = max(_round(total.peak_requests_per_s), LEAST_PER_S) if requests else 1.0
    option = next((o for o in scenario.options if isinstance(o, SelfHosted)), None)
    if requests <= 0:
        said.append("The scenario asks for nothing, so one request a second is assumed.")
    prompt = total.input_tokens_per_day / requests if requests else 1000.0
    cached = total.cached_input_tokens_per_day / total.input_tokens_per_day if total.input_tokens_per_day else 0.0
    hits = option.prefix_cache_hit_fraction if option else 1.0
    asked: Asked = {
        "peak_requests_per_s": peak,
        "mean_requests_per_s": min(mean, peak) if requests else None,
        "input_tokens": max(1.0, _round(prompt)),
        "output_tokens": max(1.0, _round(total.output_tokens_per_day / requests)) if requests else 300.0,
        "cached_fraction": min(_round(cached * hits), 0.99),
        **scenario.latency.model_dump(),
        "organisation": scenario.organisation,
        "calendar": scenario.calendar,
        **_of_option(option, tables, said),
    }
    return Start(asked, tuple(said), scenario.workload.peak_ratio)


def _round(value: float) -> float:
    """Four significant digits: a form that reads 0.0347222 tells nobody more than 0.03472."""
    return float(f"{value:.4g}")


def _of_option(option: SelfHosted | None, tables: Tables, said: list[str]) -> Asked:
    """Model, format and rules of the scenario's first own fleet; a usual model when it has none in the catalog."""
    if option is None or option.model_id not in tables.model_by_id or option.model is not None:
        model = USUAL_MODEL if USUAL_MODEL in tables.model_by_id else tables.models[0].model_id
        why = "has no own fleet" if option is None else f"serves {option.model_id}, which the catalog does not have"
        said.append(f"The scenario {why}, so {tables.model_by_id[model].name} is asked about: choose models below.")
        return {"model_ids": (model,), "format_ids": (USUAL_FORMAT,) if USUAL_FORMAT in tables.format_by_id else ()}
    if option.format_id not in tables.format_by_id:
        said.append(f"The catalog has no weight format {option.format_id}, so all formats are searched.")
    rules: Asked = {
        "model_ids": (option.model_id,),
        "format_ids": (option.format_id,) if option.format_id in tables.format_by_id else (),
        "spare_replicas": option.spare_replicas,
        "regions": option.regions,
        "survive_region_loss": option.survive_region_loss and option.regions > 1,
    }
    if isinstance(option, RentedOption) and option.term == "spot":
        rules["terms"] = ("spot",)
    return rules


def typed() -> dict[str, Any]:
    """What was typed over the figures of this document, in this session; another scenario starts with its own."""
    kept: dict[int, dict[str, Any]] = st.session_state.setdefault(TYPED, {})
    return kept.setdefault(draft().document, {})


def keep(name: str, value: Any) -> None:
    """Take a figure that was typed; an emptied one is again what it was to begin with."""
    if value is None:
        typed().pop(name, None)
    else:
        typed()[name] = value


def forget() -> None:
    """Back to the scenario's figures: new widgets, which show them."""
    typed().clear()
    st.session_state[EPOCH] = epoch() + 1


def epoch() -> int:
    """Changes when the figures come from elsewhere, so that widgets start afresh."""
    return int(st.session_state.get(EPOCH, 0))


def key_of(name: str) -> str:
    """Key of the widget for one figure; another scenario brings new ones."""
    current = draft()
    return f"capacity{epoch()}-{current.epoch}-{current.document}-{name.replace('_', '-')}"


def asked(begin: Start) -> Asked:
    """The figures now. A mean load that was not typed follows a typed peak at the scenario's own ratio."""
    now = {**begin.asked, **typed()}
    if "peak_requests_per_s" in typed() and "mean_requests_per_s" not in typed() and now["peak_requests_per_s"]:
        now["mean_requests_per_s"] = now["peak_requests_per_s"] / begin.peak_to_mean
    return now


class NotAnswerable(ValueError):
    """Figures that make no question; `problems` has each with its way out."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


def request_of(now: Mapping[str, Any]) -> CapacityRequest:
    """The request; raises NotAnswerable with every problem in words."""
    given = {name: value for name, value in now.items() if name not in LATENCY}
    latency = {name: now[name] for name in LATENCY if name in now}
    problems: list[str] = []
    target = _made(LatencyTarget, latency, problems)
    request = _made(CapacityRequest, given | ({} if target is None else {"latency": target}), problems)
    if request is None or target is None:
        raise NotAnswerable(tuple(problems))
    return request


def _made(kind: type[V], given: dict[str, Any], problems: list[str]) -> V | None:
    """The value, or None after its problems were added."""
    try:
        return kind(**given)
    except ValidationError as error:
        problems += [_problem(found) for found in error.errors(include_url=False)]
        return None


def _problem(found: Any) -> str:
    message = str(found["msg"]).removeprefix("Value error, ").rstrip(".")
    where = ".".join(str(part) for part in found["loc"])
    described = CapacityRequest.model_fields.get(where) or LatencyTarget.model_fields.get(where)
    name = (described.description or where).split(":")[0].split(".")[0] if described else where
    return f"{name}: {message}." if where else f"{message}."


def mean_words(now: Mapping[str, Any], begin: Start) -> str:
    """Which mean load prices per token divide by, and where it is from."""
    mean = now.get("mean_requests_per_s")
    if mean is None:
        return "Prices per token: as if the load were always that of the peak."
    source = (
        "typed" if "mean_requests_per_s" in typed() else f"the peak / {short(begin.peak_to_mean)}, as in the scenario"
    )
    return f"Prices per token: at a mean of {short(mean)} requests/s ({source})."
