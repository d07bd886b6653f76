"""A measurement put into a scenario, and taken out again. The one door by which points of a measurement come in."""

from __future__ import annotations

from planner.capacity.measurement.points import Refused, calibration_points
from planner.catalog.tables import Tables
from planner.decision.measured_doubts import NO_GPU, contradictions
from planner.domain.facts import Reason
from planner.domain.measurement import Measurement
from planner.domain.options import HybridOption, Option, OwnedOption, RentedOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.serving import CalibrationPoints, ThroughputSource


class NotApplied(ValueError):
    """A measurement that an option cannot take: every reason, each with the way out."""

    def __init__(self, *reasons: Reason) -> None:
        ways = dict.fromkeys(reason.remedy for reason in reasons)
        super().__init__(" ".join((*(reason.message for reason in reasons), *ways)))
        self.reasons = reasons


def applied(
    scenario: Scenario, option_id: str, measurement: Measurement, tables: Tables, *, accept_without_gpu: bool = False
) -> Scenario:
    """The scenario whose option takes its throughput from the measurement, which it cites.

    Raises NotApplied: the option runs on no GPUs of its own, nothing was measured, or it was measured on another GPU,
    number of GPUs, model or weight format. A server without a GPU needs `accept_without_gpu`, and stays a doubt.
    """
    option = self_hosted(scenario, option_id)
    points = _points(option, measurement, tables, accept_without_gpu)
    if wrong := contradictions(option, points, f"options[{option_id}]", tables):
        raise NotApplied(*wrong)
    source = "calibrated" if option.throughput or option.throughput_source != "auto" else "auto"
    return _with(scenario, option, {"calibration": points, "throughput_source": source})


def removed(scenario: Scenario, option_id: str) -> Scenario:
    """The scenario without the option's measured points, its throughput from where it was before them."""
    option = self_hosted(scenario, option_id)
    if option.calibration is None:
        return scenario
    return _with(scenario, option, {"calibration": None, "throughput_source": _before(option)})


def _before(option: SelfHosted) -> ThroughputSource:
    """Where the throughput came from before the option had points of a measurement."""
    held = option.calibration.measured_by if option.calibration else None
    if held is not None:
        return held.source_before
    return "auto" if option.throughput_source == "calibrated" else option.throughput_source


def self_hosted(scenario: Scenario, option_id: str) -> RentedOption | OwnedOption:
    """The option of that id; NotApplied when there is none, or none that runs on GPUs of a fleet."""
    found = next((option for option in scenario.options if option.option_id == option_id), None)
    if isinstance(found, RentedOption | OwnedOption):
        return found
    own = [option.option_id for option in scenario.options if isinstance(option, SelfHosted)]
    way = f"Name one of {', '.join(own)}." if own else "Add an option on rented or owned GPUs."
    said = Reason(code="THROUGHPUT_UNKNOWN", message=_why_not(found, option_id), field="options", remedy=way)
    raise NotApplied(said)


def _why_not(found: Option | None, option_id: str) -> str:
    if found is None:
        return f"There is no option {option_id}."
    if isinstance(found, HybridOption):
        return f"{found.label} is made of other options: its own GPUs are those of {found.base_id}."
    return f"{found.label} runs on no GPUs of a fleet: there is nothing to measure."


def _points(option: SelfHosted, measurement: Measurement, tables: Tables, accept: bool) -> CalibrationPoints:
    """The points with what was declared of the server, and the source that they take the place of."""
    try:
        points = calibration_points(measurement, gpu_words=gpu_words(measurement, tables))
    except Refused as refused:
        field, remedy = f"options[{option.option_id}].calibration", "Probe again, or give another measurement."
        raise NotApplied(
            Reason(code="THROUGHPUT_UNKNOWN", message=str(refused), field=field, remedy=remedy)
        ) from refused
    if points.measured_by is None:
        raise ValueError("points of a measurement must cite it")
    declared = measurement.declared
    named, knee = declared.gpu_id not in ("", NO_GPU), measurement.summary.knee
    by = points.measured_by.model_copy(
        update={
            "knee_requests_in_flight": knee.requests_in_flight if knee else None,
            "gpu_id": declared.gpu_id,
            "gpus": declared.gpus if named else None,
            "model_id": declared.model_id,
            "format_id": declared.format_id,
            "accepted_without_gpu": accept and declared.gpu_id == NO_GPU,
            "source_before": _before(option),
        }
    )
    return points.model_copy(update={"measured_by": by})


def gpu_words(measurement: Measurement, tables: Tables) -> str:
    """`2 x NVIDIA H100 SXM`; empty when nothing, or no GPU, was declared."""
    declared = measurement.declared
    row = tables.gpu_by_id.get(declared.gpu_id)
    if row is None:
        return ""
    return f"{declared.gpus} x {row.name}"


def _with(scenario: Scenario, option: RentedOption | OwnedOption, changes: dict[str, object]) -> Scenario:
    """The scenario with one option changed, everything else as it was, checked anew."""
    now = type(option).model_validate({**dict(option), **changes})
    options: list[Option] = [now if one.option_id == option.option_id else one for one in scenario.options]
    return scenario.model_copy(update={"options": tuple(options)})
