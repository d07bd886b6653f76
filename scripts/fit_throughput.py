"""Fit the throughput model to the measured rows of the catalog: `python -m scripts.fit_throughput`.

Writes `data/predictor.json` (constants with bounds, error bands, cross-validated errors) and
`docs/throughput-errors.md` (the same for people, with the ten worst rows). The same rows give the same files.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from planner.capacity.throughput.constants import ASSUMED, Spec, specs
from planner.capacity.throughput.traits import GENERATIONS
from planner.catalog.catalog import DATA_DIR
from planner.catalog.predictor import FILE, Constant, PredictorFit, Training, load_predictor
from planner.catalog.tables import read_tables
from planner.domain.base import as_of_date
from planner.units import FloatArray
from scripts.throughput_fit.bands import bands_of, chip_bands, covered_unseen, middle_of, widths_of, within
from scripts.throughput_fit.report import class_rows, source_rows, written
from scripts.throughput_fit.rows import Rows, impossible_runs, run_of, usable_rows
from scripts.throughput_fit.solver import fit, log_predicted, prior_of, row_weights
from scripts.throughput_fit.validate import error_row, group_folds, mean_row, out_of_sample, source_folds

COMMAND = "python -m scripts.fit_throughput"
SEEDS = (0, 1, 2)
EVERY = "all usable rows, those left out of the fit too"
_DIGITS = 5
_AT_BOUND = 0.01


def main() -> None:
    """Fit, check, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, default=2, help="processes")
    options.add_argument("--data", type=Path, default=DATA_DIR, help="folder of the catalog")
    options.add_argument("--docs", type=Path, default=DATA_DIR.parent / "docs", help="folder of the report")
    options.add_argument("--assumed", action="store_true", help="write the assumed constants anew, fit nothing")
    chosen = options.parse_args()
    if chosen.assumed:
        _write(chosen.data, with_assumed(load_predictor(chosen.data / FILE)))
        return
    every = usable_rows(read_tables(chosen.data))
    impossible = impossible_runs(every)
    kept = np.array([run_of(row) not in impossible for row in every.rows])
    rows, strange = every.where(kept), every.where(~kept)
    found = specs(rows.deployments)
    prior = prior_of(found)
    theta = fit(rows, prior, row_weights(rows))
    folds = [group_folds(rows, seed) for seed in SEEDS]
    held_out = [out_of_sample(rows, prior, theta, fold, chosen.workers) for fold in folds]
    unseen_source = out_of_sample(rows, prior, theta, source_folds(rows), chosen.workers)
    middle = middle_of(held_out)
    bands = bands_of(rows, middle)
    wider = widths_of(rows, held_out, bands)
    covered = covered_unseen(rows, held_out, folds)
    elsewhere = np.exp(log_predicted(strange, prior, theta))
    both = mean_row(
        EVERY,
        every,
        [_spread(kept, one, elsewhere) for one in held_out],
        np.ones(len(kept), bool),
        [_spread(kept, inside, within(strange, elsewhere, bands, wider)) for inside in covered],
    )
    fitted = PredictorFit(
        command=COMMAND,
        as_of=max(as_of_date(row.as_of) for row in rows.rows if row.as_of),
        measured_sha256=hashlib.sha256((chosen.data / "measured.csv").read_bytes()).hexdigest(),
        fitted=tuple(_constant(spec, prior.constants(theta)[spec.name]) for spec in found),
        bands=bands,
        chips=chip_bands(rows, held_out, covered, wider),
        cross_validated=(both, *class_rows(rows, held_out, covered)),
        source_left_out=source_rows(rows, unseen_source),
        in_sample=error_row(
            "all", rows, np.exp(log_predicted(rows, prior, theta)), np.ones(len(rows.rows), bool), None
        ),
        training=_training(rows, impossible),
    )
    _write(chosen.data, fitted)
    report = written(fitted, every, rows, middle)
    (chosen.docs / "throughput-errors.md").write_text(report, encoding="utf-8")
    print(report)


def _spread(kept: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Values of the rows kept and of the others, in the order of all rows, (n,)."""
    found = np.empty(len(kept), inside.dtype)
    found[kept], found[~kept] = inside, outside
    return found


def _write(folder: Path, found: PredictorFit) -> None:
    (folder / FILE).write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")


def with_assumed(found: PredictorFit) -> PredictorFit:
    """The same fit with the assumed constants as they are now: no fitted one depends on them."""
    kept = tuple(constant for constant in found.fitted if constant.fitted)
    return found.model_copy(update={"fitted": (*kept, *(_constant(spec, spec.start) for spec in ASSUMED))})


def _constant(spec: Spec, value: float) -> Constant:
    edge = min(abs(np.log(value / spec.low)), abs(np.log(value / spec.high)))
    return Constant(
        name=spec.name,
        value=float(f"{value:.{_DIGITS}g}"),
        low=float(f"{spec.low:.{_DIGITS}g}"),
        high=float(f"{spec.high:.{_DIGITS}g}"),
        fitted=bool(spec.sd),
        at_bound=bool(spec.sd and edge < _AT_BOUND),
        unit=spec.unit,
        meaning=spec.meaning,
    )


def _training(rows: Rows, impossible: dict[str, float]) -> Training:
    steady = np.asarray(rows.load.concurrency)[np.isfinite(rows.load.concurrency)]
    quantities: dict[str, FloatArray] = {
        "input_tokens": np.asarray(rows.load.input_tokens),
        "output_tokens": np.asarray(rows.load.output_tokens),
        "concurrency": steady,
        "tp": rows.deployments.tp,
    }
    return Training(
        rows=len(rows.rows),
        groups=len(set(rows.groups.tolist())),
        left_out=tuple(
            f"{run}: its prompts need {share:.0%} of the GPUs' peak, so they most likely came from a prefix cache"
            for run, share in impossible.items()
        ),
        ranges={name: (float(of.min()), float(of.max())) for name, of in quantities.items()},
        models=tuple(sorted({row.model_id for row in rows.rows})),
        formats=tuple(sorted({row.format_id for row in rows.rows})),
        gpus=tuple(sorted({row.gpu_id for row in rows.rows})),
        generations=tuple(GENERATIONS[i] for i in sorted(set(rows.deployments.generation.tolist()))),
        architectures=tuple(sorted(set(rows.architectures.tolist()))),
        alike=_alike(rows),
    )


def _alike(rows: Rows) -> dict[str, int]:
    """How many configurations there are of each kind of case that trust asks for."""
    found: dict[str, set[str]] = defaultdict(set)
    kinds = zip(rows.kinds, rows.groups.tolist(), strict=True)
    for case, group in kinds:
        for name in case:
            found[name].add(group)
    return {name: len(found[name]) for name in sorted(found)}


if __name__ == "__main__":
    main()
