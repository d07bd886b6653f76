"""The decision before and after a measurement, side by side: same day, same catalog, everything else as it was."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from planner.catalog.catalog import Catalog
from planner.decision.evaluate import decide
from planner.decision.probe_apply import applied, self_hosted
from planner.decision.probe_load import request_shape, service_time
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.domain.facts import Facts, OwnedFacts, Reason, RentedFacts
from planner.domain.measurement import Measurement
from planner.domain.result import BreakEven, OptionResult, Result
from planner.domain.risk import Probe
from planner.domain.scenario import Scenario
from planner.domain.serving import KnownSource, MeasuredBy


class Rate(NamedTuple):
    """Output tokens/s of one replica at the latency target, with its 80 % range and where it is from."""

    output_tokens_per_s: float
    low_output_tokens_per_s: float
    high_output_tokens_per_s: float
    source: KnownSource | None


class Standing(NamedTuple):
    """How an option stands in the decision."""

    scenario: Scenario
    facts: Facts
    result: Result
    option: OptionResult
    rate: Rate | None
    """None when the option is blocked."""
    rank: int | None
    """Among the eligible options, the lowest NPV first; None when it is none of them."""
    eligible: int
    break_even: BreakEven | None
    """Against the cheapest per-token option; None without one."""
    probe: Probe | None
    """What a measurement of it is worth from here; None with the reason in `probe_explanation`."""
    probe_explanation: str

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it is blocked or excluded."""
        return self.option.reasons

    @property
    def recommended(self) -> OptionResult | None:
        """The option recommended."""
        chosen = self.result.verdict.recommended_id
        return None if chosen is None else self.result.option(chosen)


class ProbeEffect(NamedTuple):
    """What a measurement does to the decision. `present_probe.effect_sentence` has it in words."""

    option_id: str
    label: str
    measured_by: MeasuredBy
    before: Standing
    after: Standing

    @property
    def scenario(self) -> Scenario:
        """The scenario with the measurement in it."""
        return self.after.scenario

    @property
    def same_recommendation(self) -> bool:
        """Whether the same option is recommended."""
        return self.before.result.verdict.recommended_id == self.after.result.verdict.recommended_id


def probe_effect(
    scenario: Scenario,
    catalog: Catalog,
    on: dt.date,
    option_id: str,
    measurement: Measurement,
    *,
    accept_without_gpu: bool = False,
    draws: int | None = None,
) -> ProbeEffect:
    """The scenario as it is and with the measurement, both answered on the day `on`.

    Raises NotApplied as `applied` does. An option that the measurement blocks has its reasons in `after`.
    """
    with_it = applied(scenario, option_id, measurement, catalog.tables, accept_without_gpu=accept_without_gpu)
    option = self_hosted(with_it, option_id)
    if option.calibration is None or option.calibration.measured_by is None:
        raise ValueError("an applied measurement is cited")
    return ProbeEffect(
        option_id=option_id,
        label=option.label,
        measured_by=option.calibration.measured_by,
        before=standing(scenario, resolve(scenario, catalog, on), option_id, draws=draws),
        after=standing(with_it, resolve(with_it, catalog, on), option_id, draws=draws),
    )


def standing(scenario: Scenario, facts: Facts, option_id: str, *, draws: int | None = None) -> Standing:
    """How a self-hosted option stands at pinned facts."""
    result = decide(scenario, facts)
    risk = assess(scenario, facts, draws=draws, probed_id=option_id)
    eligible = sorted((o.npv_usd, o.option_id) for o in result.options if o.status == "ok" and o.npv_usd is not None)
    ranks = {name: place for place, (_, name) in enumerate(eligible, 1)}
    return Standing(
        scenario=scenario,
        facts=facts,
        result=result,
        option=result.option(option_id),
        rate=_rate(scenario, facts, option_id),
        rank=ranks.get(option_id),
        eligible=len(eligible),
        break_even=next((pair for pair in result.break_evens if pair.self_host_id == option_id), None),
        probe=risk.probe,
        probe_explanation=risk.probe_explanation or risk.explanation,
    )


def _rate(scenario: Scenario, facts: Facts, option_id: str) -> Rate | None:
    known = next(found for found in facts.options if found.option_id == option_id)
    if not isinstance(known, RentedFacts | OwnedFacts):
        return None
    option, replica = self_hosted(scenario, option_id), known.replica
    rate = service_time(option, scenario, replica).rate_per_s * request_shape(option, scenario)[1]
    return Rate(rate, rate * replica.low_fraction, rate * replica.high_fraction, replica.throughput_source)
