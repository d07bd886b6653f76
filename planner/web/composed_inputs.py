"""The fields of options that may use other options: provisioned units with their overflow, and hybrids."""

from __future__ import annotations

from typing import Any

from planner.domain.options import PER_TOKEN_KINDS, SELF_HOST_KINDS, HybridOption
from planner.domain.scenario import Scenario
from planner.web import fields
from planner.web.forms import Line, form
from planner.web.state import PathKey, draft

UNITS = (
    Line("model", "Model served by the units"),
    Line("usd_per_unit_month", "Unit (USD a month)"),
    Line("tokens_per_minute_per_unit", "One unit serves (input-equivalent tokens a minute)", 100),
    Line("output_weight", "Input tokens that one output token counts for", 0.5),
    Line("cached_weight", "Input tokens that one cached token counts for", 0.1),
    Line("min_units", "Fewest units sold"),
    Line("unit_increment", "Units sold in steps of"),
    Line("term_months", "Commitment (months)"),
)
NEW_UNITS: dict[str, Any] = {
    "model": "gpt-4.1",
    "tokens_per_minute_per_unit": 3000.0,
    "min_units": 15,
    "unit_increment": 5,
    "usd_per_unit_month": "260",
    "provenance": {
        "origin": "assumed",
        "source": "unit size and steps as Azure documents them for gpt-4.1; the price is illustrative, not a quote",
        "source_url": "https://learn.microsoft.com/azure/ai-services/openai/how-to/provisioned-throughput-onboarding",
        "as_of": "2025-03-31",
        "note": "ask your provider for the units and the price of your model",
    },
}
"""What a provisioned option starts with, until its owner has a quote."""
MODES = {"overflow": "what the fleet cannot take", "cascade": "what the fleet answers badly"}
NO_PARTS = "A hybrid needs a rented or owned option and an API or hosted option: add them first."


def provisioned_inputs(path: PathKey) -> None:
    """The units, and where the rest goes."""
    form(path, UNITS)
    _other_option("Overflow goes to", (*path, "overflow_id"), PER_TOKEN_KINDS, "nowhere: units for the whole peak")
    fields.provenance_inputs((*path, "provenance"))


def hybrid_inputs(path: PathKey, option: HybridOption) -> None:
    """Both parts, and what the second one takes."""
    _other_option("Own fleet", (*path, "base_id"), SELF_HOST_KINDS)
    _other_option("Per-token option beside it", (*path, "overflow_id"), PER_TOKEN_KINDS)
    fields.choice("The per-token option takes", (*path, "mode"), list(MODES), show=MODES.__getitem__)
    if option.mode == "overflow":
        fields.whole("Fleet size (replicas; empty = the cheapest)", (*path, "base_replicas"))
    else:
        fields.number("Asked again at the per-token option (share)", (*path, "escalated_fraction"), step=0.05)


def _other_option(label: str, path: PathKey, kinds: frozenset[str], none: str | None = None) -> None:
    """One of the scenario's options, by its label."""
    labels: dict[str | None, str] = {None: none} if none else {}
    labels |= {o.option_id: o.label for o in draft().scenario.options if o.kind in kinds}
    fields.choice(label, path, list(labels), show=lambda target: labels.get(target, str(target)))


def new_hybrid(scenario: Scenario, without: str | None = None) -> dict[str, Any] | None:
    """The first fleet and the first per-token option of the scenario; None when one of them is missing."""
    base = _first(scenario, SELF_HOST_KINDS, without)
    overflow = _first(scenario, PER_TOKEN_KINDS, without)
    return None if base is None or overflow is None else {"base_id": base, "overflow_id": overflow}


def _first(scenario: Scenario, kinds: frozenset[str], without: str | None) -> str | None:
    return next((o.option_id for o in scenario.options if o.kind in kinds and o.option_id != without), None)
