"""`planner predict`: a file of cases in, the same lines with predictions out. Every line comes out."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from planner.capacity.throughput.cases import deployments_of, load_of
from planner.capacity.throughput.confidence import trust
from planner.capacity.throughput.predict import Load, Prediction, predict
from planner.catalog.case_names import Names, names_of
from planner.catalog.catalog import installed
from planner.catalog.predictor import PredictorFit
from planner.cli.inputs import OK, InputError
from planner.cli.predict_errors import error_lines
from planner.cli.predict_rows import Read, Refused, read_line

NEEDED = ("model", "precision", "gpu", "isl", "osl")
ADDED = ("pred_out_tok_s", "pred_tpot_ms", "pred_ttft_ms", "low_out_tok_s", "high_out_tok_s", "confidence", "why")
_DIGITS = 6
_BEYOND_COLUMNS = ""
_SEPARATORS = {";": "semicolons", "\t": "tabs"}


class Answered(NamedTuple):
    """Lines of the file, what each asks for or why it cannot be answered, and the predictions of those that can."""

    lines: tuple[Mapping[str, str], ...]
    found: tuple[Read | str, ...]
    predicted: Prediction | None

    @property
    def read(self) -> tuple[Read, ...]:
        """The lines with predictions, in order."""
        return tuple(one for one in self.found if isinstance(one, Read))


def add_predict(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner predict`."""
    parser.add_argument("cases", type=Path, metavar="IN.csv", help="columns as in published measurements")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.csv", help="file to write")
    parser.set_defaults(run=_predict)


def _predict(options: argparse.Namespace) -> int:
    columns, lines = _lines(options.cases)
    tables = installed().tables
    names = names_of(tables)
    answered = answers(lines, [_read(line, names) for line in lines], tables.predictor)
    kept = [name for name in columns if name not in ADDED]
    _write(options.out, _text(kept, answered, tables.predictor))
    done = len(answered.read)
    print(f"{options.out}: {len(lines):,} lines, {done:,} predicted, {len(lines) - done:,} not", file=sys.stderr)
    print("Times to the first token are weak: measure them.", file=sys.stderr)
    for text in error_lines(answered.read, answered.predicted):
        print(text, file=sys.stderr)
    return OK


def answers(lines: Sequence[Mapping[str, str]], found: Sequence[Read | str], fit: PredictorFit) -> Answered:
    """One vectorised prediction for every line that can be predicted."""
    cases = [one.case for one in found if isinstance(one, Read)]
    predicted = predict(deployments_of(cases), load_of(cases), fit.constants) if cases else None
    return Answered(tuple(lines), tuple(found), predicted)


def _read(line: Mapping[str, str], names: Names) -> Read | str:
    try:
        return read_line(line, names)
    except Refused as reason:
        return str(reason)


def _lines(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Column names and lines of the file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'cannot be read').lower()}. Give a CSV file.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: it is not UTF-8 text. Save it as CSV in UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey=_BEYOND_COLUMNS)
    columns = list(reader.fieldnames or [])
    if missing := [name for name in NEEDED if name not in columns]:
        other = next((name for mark, name in _SEPARATORS.items() if len(columns) == 1 and mark in columns[0]), "")
        hint = f" Its columns seem to be separated by {other}: save it with commas." if other else ""
        raise InputError(
            f"{path}: no column {', '.join(missing)}. The first line names the columns, as in measured.csv.{hint}"
        )
    try:
        return columns, [{name: text for name, text in line.items() if name} for line in reader]
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: {error}. Save it as CSV.") from error


def _text(columns: Sequence[str], answered: Answered, fit: PredictorFit) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*columns, *ADDED])
    cells = _added(answered, fit)
    for line, added in zip(answered.lines, cells, strict=True):
        writer.writerow([*(line.get(name) or "" for name in columns), *added])
    return out.getvalue()


def _added(answered: Answered, fit: PredictorFit) -> Iterator[list[str]]:
    """The new cells of every line."""
    place = 0
    for one in answered.found:
        if isinstance(one, str) or answered.predicted is None:
            yield [*[""] * 5, "none", str(one)]
            continue
        case = one.case
        trusted = trust(case.deployment, Load(case.input_tokens, case.output_tokens, case.concurrency), fit)
        p = answered.predicted
        numbers = (p.output_tokens_per_s, p.tpot_ms, p.ttft_ms, p.low_output_tokens_per_s, p.high_output_tokens_per_s)
        why = "; ".join((*one.doubts, *trusted.why, *one.notes))
        yield [*(_number(of[place]) for of in numbers), "low" if one.doubts else trusted.confidence, why]
        place += 1


def _number(value: np.float64) -> str:
    return f"{float(value):.{_DIGITS}g}"


def _write(path: Path, text: str) -> None:
    """Whole or not at all: a file beside it, then one rename."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(text.encode("utf-8"))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path}: {(error.strerror or 'cannot be written').lower()}. Choose another file.") from error
