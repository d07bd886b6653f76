"""`planner probe import`: results of other tools, and measurements of another machine, as measurements here."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from planner.capacity.measurement.document import MeasurementError, read_measurement
from planner.capacity.measurement.summary import finished
from planner.catalog.case_names import names_of
from planner.catalog.catalog import installed
from planner.cli.inputs import InputError
from planner.cli.probe_arguments import add_declared, add_result
from planner.cli.probe_asked import check_place
from planner.cli.probe_declared import declared_of
from planner.cli.probe_finish import Ended, Place, finish
from planner.cli.probe_inputs import Problems
from planner.domain.measurement import Declared, Measurement
from planner.probe.errors import ProbeError
from planner.probe.imports import merged, read_result


def add_probe_import(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner probe import`."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="results of one server, one level or more each"
    )
    add_declared(parser)
    add_result(parser)
    parser.set_defaults(run=_import, model=None)


def _import(options: argparse.Namespace) -> int:
    names, problems = names_of(installed().tables), Problems()
    declared = declared_of(options, names, Declared(), problems)
    check_place(options, problems)
    found = [m for path in options.files for m in _read(path, declared, problems)]
    problems.raise_any()
    return finish(Ended(_one(found), stopped=False), Place(options.out, names, as_json=options.json))


def _read(path: Path, declared: Declared, problems: Problems) -> Iterator[Measurement]:
    """Measurements in a file; what is wrong with it is a problem."""
    try:
        data = path.read_bytes()
        if _is_ours(data):
            yield _redeclared(read_measurement(data, path.name), declared)
        else:
            yield from read_result(data, path.name, declared)
    except OSError as error:
        problems.add(f"{path}: {(error.strerror or 'cannot be read').lower()}. Give files that a tool wrote.")
    except (MeasurementError, ProbeError) as error:
        problems.add(str(error))


def _is_ours(data: bytes) -> bool:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "schema_version" in content and "runs" in content


def _redeclared(m: Measurement, declared: Declared) -> Measurement:
    """With what was said now over what was said then."""
    said = {name: value for name, value in declared if value != getattr(Declared(), name)}
    return finished(m.model_copy(update={"declared": m.declared.model_copy(update=said)})) if said else m


def _one(found: list[Measurement]) -> Measurement:
    """All files as one measurement of one server."""
    if len(found) == 1:
        return found[0]
    try:
        return merged(found)
    except (MeasurementError, ProbeError, ValueError) as error:
        raise InputError(str(error)) from error
