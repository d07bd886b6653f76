"""Tables of what was put in: the workload and every assumption, with its unit and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable

from planner.decision.measured_doubts import all_doubts, citation
from planner.decision.present_fields import (
    CALIBRATION,
    CONTRACT,
    EVERY_OPTION,
    FLEET,
    GROWTH,
    HYBRID,
    LATENCY,
    MORE_OPERATIONS,
    OPERATIONS,
    ORGANISATION,
    PEAK,
    PER_TOKEN,
    PROFILE,
    PROVISIONED,
    RENTED,
    SCALING,
    SCENARIO,
    SERVER,
    SERVING,
    SPECULATIVE,
    SPOT,
    TIMELINE,
    TUNING,
    TYPED,
    WORKLOAD,
    WORKSTATION,
    Field,
    number,
    pct,
)
from planner.decision.present_tables import Column, Table
from planner.domain.base import Value
from planner.domain.evidence import Provenance
from planner.domain.options import (
    ApiOption,
    HostedOption,
    HybridOption,
    Operations,
    Option,
    OwnedOption,
    PerTokenOption,
    ProvisionedOption,
    RentedOption,
    TypedGpuPrice,
    TypedThroughput,
    TypedTokenPrice,
    WorkstationOption,
)
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from planner.workload.as_measured import measured_from

DEFAULT = "assumed (default)"
GIVEN = "set in the scenario"
EVERY = "all options"
ASSUMPTION_COLUMNS = (
    Column("Concerns"),
    Column("Assumption"),
    Column("Value", align="right"),
    Column("Unit"),
    Column("Origin"),
)

Row = tuple[str, str, str, str, str]

CLASS_COLUMNS = (
    Column("Class"),
    *(
        Column(name, unit, "right")
        for name, unit in (
            ("Requests", "per day"),
            ("Fresh input", "tokens/request"),
            ("Cached input", "tokens/request"),
            ("Cache write", "tokens/request"),
            ("Output", "tokens/request"),
            ("Reasoning", "tokens/request"),
            ("Batch", "%"),
        )
    ),
)


def workload_rows(scenario: Scenario) -> Table:
    """One row per task class, before the what-if factor."""
    return Table("Workload", CLASS_COLUMNS, tuple(_class_row(c) for c in scenario.workload.classes))


def _class_row(task: TaskClass) -> tuple[str, ...]:
    tokens = (task.fresh_input_tokens, task.cached_input_tokens, task.cache_write_tokens)
    generated = (task.output_tokens, task.reasoning_tokens)
    numbers = (task.requests_per_day, *tokens, *generated)
    return (task.label or task.class_id, *(number(n) for n in numbers), pct(task.batch_fraction))


def assumption_rows(scenario: Scenario) -> Table:
    """Every assumption that plays a part; one that equals the program's default says so."""
    rows: list[Row] = [*_rows(scenario, SCENARIO), *_currency(scenario), *_rows(scenario.timeline, TIMELINE[:1])]
    rows += [*_changed(scenario.timeline, TIMELINE[1:]), *_changed(scenario.timeline.growth, GROWTH)]
    rows += _changed(scenario.organisation, ORGANISATION)
    rows += [*_rows(scenario.latency, LATENCY), *_workload(scenario), *_workload_source(scenario)]
    for option in scenario.options:
        rows += _option_rows(option)
    return Table("Assumptions", ASSUMPTION_COLUMNS, tuple(rows))


def _currency(scenario: Scenario) -> list[Row]:
    """The rate that amounts are shown at; prices and wages put in are US dollars whatever is shown."""
    held = scenario.currency
    if held is None:
        return []
    value, unit = held.rate_text.split(" ", 1)
    told = "; ".join(part for part in (held.source, held.source_url, held.as_of) if part)
    return [(EVERY, "Currency shown", value, unit, told)]


def _workload(scenario: Scenario) -> list[Row]:
    workload = scenario.workload
    shape = "hour by hour, as given" if workload.hourly_profile else "generated from the peak (assumed)"
    usage = measured_from(workload)
    told = f"measured: {workload.source}" if usage and "peak" not in usage.assumed else GIVEN
    special = [task for task in workload.classes if task.private or task.quality_floor is not None]
    needs = [(f"class {task.class_id}", "Needs", ", ".join(_needs(task)), "", GIVEN) for task in special]
    return [
        *_rows(workload, PROFILE if workload.hourly_profile else PEAK, origin=told),
        *_rows(workload, WORKLOAD),
        (EVERY, "Shape of the week", shape, "", told if workload.hourly_profile else DEFAULT),
        *needs,
    ]


def _needs(task: TaskClass) -> list[str]:
    floor = [] if task.quality_floor is None else [f"quality {number(task.quality_floor)} of 100"]
    return [*(["privacy"] if task.private else []), *floor]


def _workload_source(scenario: Scenario) -> list[Row]:
    workload = scenario.workload
    told = [t for t in (workload.source, workload.source_url, workload.licence, workload.as_of) if t]
    origin = "measured: " if measured_from(workload) else ""
    return [(EVERY, "Workload", "see Workload", "", origin + ("; ".join(told) or "no source given"))]


def _option_rows(option: Option) -> list[Row]:
    who, rows = option.label, [*_own_rows(option), *_changed(option, EVERY_OPTION, option.label)]
    if isinstance(option, HybridOption):
        return rows
    usual: Operations = type(option).model_fields["operations"].default
    rows += _rows(option.operations, OPERATIONS, who, usual=usual)
    return [*rows, *_changed(option.operations, MORE_OPERATIONS, who, zero=Operations(), usual=usual)]


def _own_rows(option: Option) -> list[Row]:
    """What only this kind of option has."""
    who = option.label
    match option:
        case ApiOption() | HostedOption():
            rows = [*_rows(option, PER_TOKEN, who), *_changed(option, CONTRACT, who), *_tiers(option)]
            return [*rows, *_typed(option.price, who)]
        case RentedOption() | OwnedOption():
            return [*_rows(option, RENTED, who), *_fleet_rows(option)]
        case ProvisionedOption():
            return list(_rows(option, PROVISIONED, who, origin=_told(option.provenance)))
        case WorkstationOption():
            return list(_rows(option, WORKSTATION, who, origin=_told(option.provenance)))
        case HybridOption():
            return list(_rows(option, HYBRID, who))


def _tiers(option: PerTokenOption) -> list[Row]:
    return [
        (
            option.label,
            f"Volume discount above {number(tier.above_usd_per_month)} USD/month",
            pct(tier.discount_fraction),
            "%",
            GIVEN,
        )
        for tier in option.spend_tiers
    ]


def _fleet_rows(option: RentedOption | OwnedOption) -> list[Row]:
    who = option.label
    rows = [*_changed(option, FLEET, who), *_changed(option.serving, SERVING, who)]
    if option.serving.speculative:
        rows += _rows(option.serving.speculative, SPECULATIVE, who, origin=GIVEN)
    rows += [*_changed(option.scaling, SCALING, who), *_typed(option.throughput, who), *_calibration(option)]
    if isinstance(option, OwnedOption):
        rows += _rows(option.server, SERVER, who, origin=_told(option.server.provenance))
    else:
        rows += [*_typed(option.price, who), *(_rows(option.spot, SPOT, who) if option.spot else ())]
    if option.tuning:
        rows += _rows(option.tuning, TUNING, who, origin=_told(option.tuning.provenance))
    return rows


def _calibration(option: RentedOption | OwnedOption) -> list[Row]:
    """The shape and the points of the option's own measurement."""
    held = option.calibration
    if held is None:
        return []
    told = _told(held.provenance)
    points = [
        (
            option.label,
            f"Calibration, {number(point.requests_in_flight)} in flight",
            number(point.output_tokens_per_s),
            "output tokens/s per replica",
            told,
        )
        for point in held.points
    ]
    cited = [("Measured by", citation(held)), *(("Doubt about it", doubt) for doubt in all_doubts(option, held))]
    said = [(option.label, name, text, "", told) for name, text in cited if text]
    return [*_rows(held, CALIBRATION, option.label, origin=told), *points, *said]


def _typed(value: TypedTokenPrice | TypedGpuPrice | TypedThroughput | None, who: str) -> list[Row]:
    return [] if value is None else list(_rows(value, TYPED, who, origin=_told(value.provenance)))


def _changed(
    value: Value,
    fields: Iterable[Field],
    concerns: str = EVERY,
    *,
    zero: Value | None = None,
    usual: Value | None = None,
) -> Iterable[Row]:
    """Rows of the fields that play a part: those that are not at the class's own default, or not as in `zero`."""
    known = type(value).model_fields
    base = {f.name: getattr(zero, f.name) if zero else known[f.name].default for f in fields if f.name in known}
    moved = [f for f in fields if f.name in known and getattr(value, f.name) != base[f.name]]
    return _rows(value, moved, concerns, usual=usual)


def _told(provenance: Provenance) -> str:
    told = [t for t in (provenance.source, provenance.source_url, provenance.as_of, provenance.note) if t]
    return f"{provenance.origin}: {'; '.join(told)}"


def _rows(
    value: Value, fields: Iterable[Field], concerns: str = EVERY, *, usual: Value | None = None, origin: str = ""
) -> Iterable[Row]:
    """A row for each field that the value has and that is not empty; `usual` replaces the class's own defaults."""
    known = type(value).model_fields
    for field in fields:
        if (given := getattr(value, field.name, None)) is None:
            continue
        own = known[field.name].default if field.name in known else None
        default = getattr(usual, field.name) if usual else own
        where = DEFAULT if given == default else origin or GIVEN
        yield (concerns, field.label, field.show(given), field.unit, where)
