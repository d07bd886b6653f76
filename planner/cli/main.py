"""`planner`: the same answer without a browser. Errors go to stderr, all at once, with exit code 2."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from planner import __version__, export
from planner.catalog import prices
from planner.catalog.catalog import installed
from planner.catalog.tables import CatalogError
from planner.cli.capacity import add_capacity
from planner.cli.catalog import add_catalog
from planner.cli.inputs import BAD_INPUT, NO_ANSWER, OK, InputError, add_scenario, day_of, read
from planner.cli.predict import add_predict
from planner.cli.probe import add_probe, routed
from planner.cli.risk import add_risk, add_sweep
from planner.cli.text import answer_text
from planner.cli.usage import add_usage
from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.document_problems import DocumentError
from planner.domain.facts import Facts
from planner.domain.result import Result
from planner.domain.scenario import Scenario

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 no option can be priced, 2 bad input."""
    try:
        options = _parser().parse_args(routed(sys.argv[1:] if arguments is None else arguments))
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except (InputError, DocumentError, CatalogError) as error:
        print(f"planner: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _parser() -> argparse.ArgumentParser:
    about = "Keep paying per token, or run the model yourself? The answer without a browser."
    parser = argparse.ArgumentParser(prog="planner", description=about)
    parser.add_argument("--version", action="version", version=f"planner {__version__}, {prices.library_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_evaluate(commands.add_parser("evaluate", help="print the answer to a scenario"))
    _add_report(commands.add_parser("report", help="write the PDF and CSV reports of a scenario"))
    add_risk(commands.add_parser("risk", help="print how sure the answer is when figures are ranges"))
    add_sweep(commands.add_parser("sweep", help="print every option's cost over values of a driver"))
    add_predict(commands.add_parser("predict", help="throughput of every case in a CSV file"))
    schema = commands.add_parser("schema", help="print the JSON Schema of a scenario, or of a result")
    schema.add_argument("--result", action="store_true", help="the schema of `evaluate --format json`")
    schema.set_defaults(run=_schema)
    serve = commands.add_parser("serve", help="open the app on this machine")
    serve.add_argument("--port", type=int, default=8501, help="port, 8501 by default")
    serve.set_defaults(run=_serve)
    add_catalog(commands.add_parser("catalog", help="look at, check or refresh the catalog"))
    add_capacity(commands.add_parser("capacity", help="what serves a load within a latency target, and at what rent"))
    add_probe(commands.add_parser("probe", help="measure a live server, and put what was measured into a plan"))
    add_usage(commands.add_parser("usage", help="import your own logs; price them, hold them against a plan"))
    return parser


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    add_scenario(parser)
    parser.add_argument("--format", choices=["table", "json", "csv"], default="table", help="form of the output")
    parser.set_defaults(run=_evaluate)


def _add_report(parser: argparse.ArgumentParser) -> None:
    add_scenario(parser)
    parser.add_argument("--pdf", type=Path, help="file to write the PDF report to")
    parser.add_argument("--csv", type=Path, help="file to write the CSV table to")
    parser.set_defaults(run=_report)


def _answer(options: argparse.Namespace) -> tuple[Scenario, Facts, Result]:
    scenario = read(options.scenario)
    facts = resolve(scenario, installed(), day_of(options))
    return scenario, facts, decide(scenario, facts)


def _evaluate(options: argparse.Namespace) -> int:
    scenario, _, result = _answer(options)
    if options.format == "json":
        print(result.model_dump_json(indent=2))
    elif options.format == "csv":
        sys.stdout.buffer.write(export.csv(scenario, result))
    else:
        print(answer_text(scenario, result))
    return OK if result.verdict.status == "decided" else NO_ANSWER


def _report(options: argparse.Namespace) -> int:
    if options.pdf is None and options.csv is None:
        raise InputError("nothing to write: give --pdf FILE, --csv FILE, or both.")
    scenario, facts, result = _answer(options)
    if options.pdf is not None:
        _write(options.pdf, export.pdf(scenario, facts, result, dt.datetime.now(dt.UTC)))
    if options.csv is not None:
        _write(options.csv, export.csv(scenario, result))
    return OK if result.verdict.status == "decided" else NO_ANSWER


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a file beside it, then one rename."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path}: {(error.strerror or 'cannot be written').lower()}. Choose another file.") from error
    print(f"{path}: {len(content):,} bytes")


def _schema(options: argparse.Namespace) -> int:
    schema = Result.model_json_schema(mode="serialization") if options.result else Scenario.model_json_schema()
    print(json.dumps(schema, indent=2))
    return OK


def _serve(options: argparse.Namespace) -> int:
    if not 1 <= options.port <= 65535:
        raise InputError(f"--port {options.port}: choose a port from 1 to 65535.")
    os.chdir(ROOT)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(options.port)]
    os.execv(sys.executable, command)
