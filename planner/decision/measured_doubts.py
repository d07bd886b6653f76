"""What speaks against points of a measurement where they are used: other hardware, what nobody declared, its guards."""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalog.tables import Tables
from planner.decision.throughput_band import few
from planner.domain.facts import Reason
from planner.domain.options import HybridOption, SelfHosted
from planner.domain.result import OptionResult
from planner.domain.scenario import Scenario
from planner.domain.serving import CalibrationPoints, MeasuredBy, engine_words

NO_GPU = "cpu"
"""What a measurement declares in place of a GPU for a server that has none."""
OTHER = "Measure a server like the option, choose the option that it is of, or correct what was declared."


def contradictions(option: SelfHosted, points: CalibrationPoints, where: str, tables: Tables) -> tuple[Reason, ...]:
    """Why the points are not of this option: another GPU, number of GPUs, model or weight format. All reasons."""
    held = points.measured_by
    if held is None:
        return ()
    found = (*_without_gpu(option, held), *_other_parts(option, held, tables))
    return tuple(
        Reason(code="THROUGHPUT_UNKNOWN", message=message, field=f"{where}.calibration", remedy=remedy)
        for message, remedy in found
    )


def _without_gpu(option: SelfHosted, held: MeasuredBy) -> Iterator[tuple[str, str]]:
    if held.gpu_id == NO_GPU and not held.accepted_without_gpu:
        yield (
            (
                f"Measurement {held.measurement_id} was made on a server without a GPU; it says nothing of "
                f"{option.gpus_per_replica} x {option.gpu_id}."
            ),
            "Measure on the option's own GPUs, or accept it all the same.",
        )


def _other_parts(option: SelfHosted, held: MeasuredBy, tables: Tables) -> Iterator[tuple[str, str]]:
    """Declared parts that differ from the option's. A model of the same architecture is as fast, so it does."""
    known = option.model is None and option.model_id in tables.model_by_id
    alike = {option.model_id, *(tables.same_architecture(option.model_id) if known else ())}
    on_gpu = held.gpu_id not in ("", NO_GPU)
    gpus = "not said" if held.gpus is None else str(held.gpus)
    parts = (
        ("GPU", held.gpu_id, option.gpu_id, on_gpu and held.gpu_id != option.gpu_id),
        ("number of GPUs", gpus, str(option.gpus_per_replica), on_gpu and held.gpus != option.gpus_per_replica),
        ("model", held.model_id, option.model_id, held.model_id != "" and held.model_id not in alike),
        ("weight format", held.format_id, option.format_id, held.format_id not in ("", option.format_id)),
    )
    for name, measured, wanted, differs in parts:
        if differs:
            yield f"The {name} of measurement {held.measurement_id} is {measured}, and this option has {wanted}.", OTHER


def doubts(option: SelfHosted, points: CalibrationPoints) -> tuple[str, ...]:
    """What a reader must be told of the points, one sentence each; empty for points that were typed in."""
    held = points.measured_by
    if held is None:
        return ()
    return (*_accepted(option, held), *_undeclared(held), *_engine(option, held), *_told(held))


def all_doubts(option: SelfHosted, points: CalibrationPoints) -> tuple[str, ...]:
    """The same, and that there are too few loads."""
    short = few(points)
    return (*doubts(option, points), *((short,) if short and points.measured_by else ()))


def _accepted(option: SelfHosted, held: MeasuredBy) -> Iterator[str]:
    if held.gpu_id == NO_GPU:
        yield (
            f"Its throughput was measured on a server WITHOUT a GPU and stands for {option.gpus_per_replica} x "
            f"{option.gpu_id} only because the scenario's owner accepted it: measure on that GPU."
        )


def _undeclared(held: MeasuredBy) -> Iterator[str]:
    parts = (("on which GPU", held.gpu_id), ("of which model", held.model_id), ("in which format", held.format_id))
    missing = [name for name, said in parts if not said]
    if missing:
        yield f"Measurement {held.measurement_id} does not say {', '.join(missing)} it was made: check that it fits."


def _engine(option: SelfHosted, held: MeasuredBy) -> Iterator[str]:
    """Another engine, or another version of it where the option names one."""
    serving = option.serving
    ran, wanted = engine_words(held.engine, held.engine_version), engine_words(serving.engine, serving.engine_version)
    if not held.engine:
        yield f"Measurement {held.measurement_id} does not know the engine that it measured."
    elif held.engine != serving.engine or (serving.engine_version and held.engine_version != serving.engine_version):
        yield f"Its throughput was measured with {ran}, and it is to be served with {wanted}: expect another figure."


def _told(held: MeasuredBy) -> Iterator[str]:
    """What its guards said."""
    for text in held.doubts:
        yield f"Of its measurement: {text}"


def citation(points: CalibrationPoints) -> str:
    """Who measured: `probe 3f2a... , vLLM 0.32.0, 2 x H100 SXM, 2026-11-22`; empty for points that were typed in."""
    held = points.measured_by
    if held is None:
        return ""
    engine = engine_words(held.engine, held.engine_version) or "engine not known"
    gpu = held.gpu or ("no GPU" if held.gpu_id == NO_GPU else "GPU not said")
    day = points.provenance.as_of or "undated"
    return f"{held.made_by} {held.measurement_id}, {engine}, {gpu}, {day}"


def cited(scenario: Scenario, result: OptionResult) -> str:
    """The measurement that an option's fleet, or the fleet inside a hybrid, rests on; empty when it rests on none."""
    found = _resting_on(scenario, result)
    return citation(found[1]) if found else ""


def cited_doubts(scenario: Scenario, result: OptionResult) -> str:
    """Every doubt about that measurement, in sentences; empty when there is none."""
    found = _resting_on(scenario, result)
    return " ".join(all_doubts(*found)) if found else ""


def _resting_on(scenario: Scenario, result: OptionResult) -> tuple[SelfHosted, CalibrationPoints] | None:
    """The fleet's option and its own measured points, where its throughput is from them."""
    if result.fleet is None or result.fleet.throughput_source != "calibrated":
        return None
    options = {option.option_id: option for option in scenario.options}
    option = options[result.option_id]
    base = options[option.base_id] if isinstance(option, HybridOption) else option
    return (base, base.calibration) if isinstance(base, SelfHosted) and base.calibration else None
