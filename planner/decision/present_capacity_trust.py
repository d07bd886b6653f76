"""How far off the throughput model was on rows kept from its fit, by kind of case, and where it is weak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.capacity.throughput.classes import class_words
from planner.catalog.predictor import Constant, ErrorBand, ErrorRow, PredictorFit
from planner.decision.present_capacity import WEAK_TTFT
from planner.decision.present_tables import NONE, Column, Table, right
from planner.format import count, percent, plural
from planner.units import round_significant

FEW_GROUPS = 5
"""Configurations below which an error is a rough one."""


def summary_sentences(fit: PredictorFit) -> tuple[str, ...]:
    """What the errors are of, then where the model is weak."""
    return tuple(_summary(fit))


def _summary(fit: PredictorFit) -> Iterator[str]:
    trained = fit.training
    yield (
        f"Fitted on {count(trained.rows)} published rows of {count(trained.groups)} configurations up to {fit.as_of}. "
        "The errors are of rows that were kept from the fit, whole configurations at a time; the rows it was fitted on "
        f"are {percent(fit.in_sample.median_error)} off in the median, which promises nothing."
    )
    yield WEAK_TTFT
    thin = [class_words(band.name) for band in fit.bands if band.rows and band.groups < FEW_GROUPS]
    never = [class_words(band.name) for band in fit.bands if not band.rows]
    if thin:
        yield f"Few configurations stand behind: {'; '.join(thin)}."
    if never:
        yield f"No row was measured of: {'; '.join(never)}. They have the band of the wider class."
    bound = [constant.name for constant in fit.fitted if constant.at_bound]
    if bound:
        held = f"{plural(len(bound), 'constant')} at a bound, so no measure of what it is named after"
        yield f"{held}: {', '.join(bound)}."


def error_rows(title: str, found: Sequence[ErrorRow]) -> Table:
    """One row per set of measured rows."""
    columns = (
        Column("Class"),
        *right(("Rows", "count"), ("Configurations", "count"), ("Median error", "%"), ("P90 error", "%")),
        *right(("Bias", "predicted/measured"), ("Covered", "% in the band")),
    )
    rows = tuple((class_words(e.name), count(e.rows), count(e.groups), *_errors(e), _share(e.coverage)) for e in found)
    return Table(title, columns, rows)


def band_rows(bands: Sequence[ErrorBand]) -> Table:
    """One row per class with measured rows, the widest first."""
    columns = (
        Column("Class"),
        *right(("Rows", "count"), ("Configurations", "count"), ("Median error", "%"), ("P90 error", "%")),
        *right(("Bias", "predicted/measured"), ("Low end", "times"), ("High end", "times")),
        *right(("Covered", "% in the band")),
    )
    rows = tuple(
        (
            *(class_words(band.name), count(band.rows), count(band.groups), *_errors(band)),
            *(f"{band.band_low:.2f}", f"{band.band_high:.2f}", _share(band.coverage)),
        )
        for band in bands
        if band.rows
    )
    return Table("80% band by class", columns, rows)


def _errors(found: ErrorRow | ErrorBand) -> tuple[str, str, str]:
    bias = NONE if found.bias is None else f"{found.bias:.2f}"
    return (_share(found.median_error), _share(found.p90_error), bias)


def _share(fraction: float | None) -> str:
    return NONE if fraction is None else f"{fraction * 100:.1f}"


def constant_rows(fitted: Sequence[Constant]) -> Table:
    """Every constant with its bounds; one at a bound says so."""
    columns = (
        Column("Constant"),
        *right(("Value", ""), ("Least allowed", ""), ("Most allowed", "")),
        Column("Unit"),
        Column("Origin"),
        Column("Meaning"),
    )
    return Table("Constants of the model", columns, tuple(_constant_row(one) for one in fitted))


def _constant_row(one: Constant) -> tuple[str, ...]:
    figures = (f"{round_significant(value, 4):f}" for value in (one.value, one.low, one.high))
    origin = ("fitted, at a bound" if one.at_bound else "fitted") if one.fitted else "assumed"
    return (one.name, *figures, one.unit, origin, one.meaning)
