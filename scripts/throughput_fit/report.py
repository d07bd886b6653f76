"""The error tables: by class, by source left out, and the worst rows with their reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from planner.capacity.throughput.classes import class_words
from planner.capacity.throughput.traits import CHIP_WORDS, GENERATIONS
from planner.catalog.predictor import ErrorRow, PredictorFit
from planner.units import FloatArray
from scripts.throughput_fit.rows import Rows, group_of
from scripts.throughput_fit.validate import error_row, mean_row

WORST = 10
_TIGHT = 0.8


def classes_of(rows: Rows) -> dict[str, np.ndarray]:
    """Sets of rows that people ask for, as masks (n,)."""
    d = rows.deployments
    current = d.generation == GENERATIONS.index("vllm-v1")
    saturated = np.isinf(rows.load.concurrency)
    tight = d.weight_bytes > _TIGHT * d.tp * d.pp * d.memory_bytes
    named = {
        "all": np.ones(len(rows.rows), bool),
        "dense": ~d.moe,
        "mixture of experts": d.moe,
        "vLLM 0.8 and later, dense": current & ~d.moe,
        "vLLM 0.8 and later, mixture of experts": current & d.moe,
        "number in flight stated": ~saturated,
        "saturated or burst": saturated,
        "weights above 80% of memory": tight,
    }
    chips = {name: rows.architectures == name for name in sorted(set(rows.architectures.tolist()))}
    engines = {name: d.generation == i for i, name in enumerate(GENERATIONS)}
    return {name: mask for name, mask in (named | chips | engines).items() if mask.any()}


def class_rows(rows: Rows, held_out: Sequence[FloatArray], covered: Sequence[np.ndarray]) -> tuple[ErrorRow, ...]:
    """Errors of cross-validation by set of rows."""
    return tuple(mean_row(name, rows, held_out, mask, covered) for name, mask in classes_of(rows).items())


def source_rows(rows: Rows, predicted: FloatArray) -> tuple[ErrorRow, ...]:
    """Errors on each source by a fit without it."""
    names = sorted(set(rows.sources.tolist()))
    return tuple(error_row(name, rows, predicted, rows.sources == name, None) for name in names)


def written(fit: PredictorFit, every: Rows, rows: Rows, predicted: FloatArray) -> str:
    """The report as Markdown."""
    return "\n".join(_lines(fit, every, rows, predicted)) + "\n"


def _lines(fit: PredictorFit, every: Rows, rows: Rows, predicted: FloatArray) -> Iterator[str]:
    bounds = [constant.name for constant in fit.fitted if constant.at_bound]
    yield "# Errors of the throughput model"
    yield ""
    yield f"Written by `{fit.command}`; do not edit. Relative errors |predicted / measured - 1| of output tokens/s."
    yield f"{fit.training.rows:,} rows of {fit.training.groups} configurations, of {len(every.rows):,} usable rows."
    yield ""
    yield from (f"Left out of the fit: {run}." for run in fit.training.left_out)
    yield ""
    yield "## Configurations that the fit has not seen"
    yield ""
    yield "Tenfold, by configuration: source, model, GPU, format, count, TP, engine. Three splits. *In band*: of bands"
    yield "that have not seen the configuration either."
    yield ""
    yield from _table(fit.cross_validated)
    yield ""
    yield f"On the rows it was fitted to: {_percent(fit.in_sample.median_error)} / {_percent(fit.in_sample.p90_error)}."
    yield ""
    yield "## Sources that the fit has not seen"
    yield ""
    yield from _table(fit.source_left_out)
    yield ""
    yield "## Bands"
    yield ""
    yield from _bands(fit)
    yield ""
    yield "## The ten worst rows"
    yield ""
    yield from _worst(rows, predicted)
    yield ""
    yield "## Constants at a bound"
    yield ""
    yield (", ".join(f"`{name}`" for name in bounds) or "None") + ". They are no measure of what they are named after."


def _bands(fit: PredictorFit) -> Iterator[str]:
    yield "Factors on a prediction between which 80% of unseen cases lie; classes with few configurations are drawn to"
    yield "the wider class. *In it*: of the very rows that the band is from."
    yield ""
    yield "| class | rows | configurations | low | high | in it |"
    yield "|---|---:|---:|---:|---:|---:|"
    for band in fit.bands:
        if band.rows:
            ends = f"{band.band_low:.2f} | {band.band_high:.2f}"
            yield f"| {class_words(band.name)} | {band.rows} | {band.groups} | {ends} | {_percent(band.coverage)} |"
    yield ""
    yield "On a chip class the low end is divided, and the high end multiplied, by *wider*. *In band*: of rows whose"
    yield "configuration neither the fit nor its bands have seen."
    yield ""
    yield "| chip class | rows | configurations | median | 90% | in band | wider |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for chip in fit.chips:
        errors = " | ".join(map(_percent, (chip.median_error, chip.p90_error, chip.coverage)))
        yield f"| {CHIP_WORDS[chip.name]} | {chip.rows} | {chip.groups} | {errors} | {chip.wider:.2f} |"


def _table(found: Iterable[ErrorRow]) -> Iterator[str]:
    yield "| rows | n | configurations | median | 90% | median ratio | in band |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for row in found:
        errors = f"{_percent(row.median_error)} | {_percent(row.p90_error)} | {row.bias:.2f} | {_percent(row.coverage)}"
        yield f"| {class_words(row.name)} | {row.rows} | {row.groups} | {errors} |"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}%"


def _worst(rows: Rows, predicted: FloatArray) -> Iterator[str]:
    """Rows with the largest |ln|, one for each configuration."""
    yield "| row | configuration | prompt / answer | measured | predicted | why |"
    yield "|---|---|---|---:|---:|---|"
    seen: set[str] = set()
    for i in np.argsort(-np.abs(np.log(predicted / rows.measured))):
        row, group = rows.rows[i], group_of(rows.rows[i])
        if group in seen or len(seen) == WORST:
            continue
        seen.add(group)
        shape = f"{row.input_tokens:.0f} / {row.output_tokens:.0f}"
        rates = f"{row.output_tokens_per_s:,.0f} | {predicted[i]:,.0f}"
        yield f"| {row.row_id} | {group.replace('|', ', ')} | {shape} | {rates} | {_reason(rows, predicted, int(i))} |"


def _reason(rows: Rows, predicted: FloatArray, i: int) -> str:
    """What can be read from the row itself and its neighbours."""
    d, row = rows.deployments, rows.rows[i]
    if d.weight_bytes[i] > d.tp[i] * d.pp[i] * d.memory_bytes[i]:
        return "the weights as stated do not fit in memory: the run used other weights"
    same = (rows.groups == group_of(row)) & (np.arange(len(rows.rows)) != i)
    if same.any() and abs(np.median(np.log(predicted[same] / rows.measured[same]))) < 0.2:
        return "other loads of this configuration are predicted well: an outlier of its own sweep"
    if predicted[i] > rows.measured[i]:
        return "far below what the hardware gives: untuned kernels, a setting, or a slow client"
    return "faster than its kind: a newer or specially tuned engine"
