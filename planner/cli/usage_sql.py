"""`planner usage sql`: the texts that an import would run in an engine, for people who read them first."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator

from planner.cli.inputs import OK, InputError
from planner.usage.dialect import DIALECTS, rewritten
from planner.usage.engines.table import LogTable, Period, as_log, recognised_table, table_name
from planner.usage.errors import UsageError
from planner.usage.measure import PEAK_WIDTHS_S
from planner.usage.relation import Choices
from planner.workload import texts
from planner.workload.usage_rows import US_PER_S

SPAN = "The first and last time come from the text before; here they are those of the period"
TIME_WORDS = ("time", "timestamp", "date", "_at", "period")
COUNT_WORDS = ("tokens", "count", "requests", "code", "_ms")


def add_usage_sql(parser: argparse.ArgumentParser) -> None:
    """The options of `planner usage sql`."""
    parser.add_argument("--dialect", required=True, choices=DIALECTS, help="the engine's dialect")
    parser.add_argument("--format", dest="format_id", required=True, help="format of the table, see `usage formats`")
    parser.add_argument("--table", required=True, help="the table, with its schema")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=TYPE",
        help="a column of the table, may be repeated; those that the format needs by default, by likely types",
    )
    parser.add_argument("--threshold", action="append", type=int, default=[], metavar="TOKENS", help="a price's limit")
    parser.add_argument("--since", type=_day, default=None, metavar="DAY", help="first day, UTC")
    parser.add_argument("--before", type=_day, default=None, metavar="DAY", help="first day that is not read, UTC")
    parser.set_defaults(run=_sql)


def _sql(options: argparse.Namespace) -> int:
    try:
        log, period = _log(options), Period(options.since, options.before)
        for name, text in _texts(log, tuple(options.threshold), period):
            print(f"-- {name}\n{rewritten(text, options.dialect)};\n")
    except UsageError as error:
        raise InputError(str(error)) from error
    if not options.column:
        print("planner: types of columns are guessed; name them with --column to see the true texts", file=sys.stderr)
    return OK


def _log(options: argparse.Namespace) -> LogTable:
    reader = recognised_table({}, options.format_id)
    columns = dict(_column(told) for told in options.column) or {name: _likely(name) for name in sorted(reader.needs)}
    period = Period(options.since, options.before)
    return as_log(table_name(options.table, options.dialect), columns, reader, Choices(), period)


def _texts(log: LogTable, thresholds: tuple[int, ...], period: Period) -> Iterator[tuple[str, str]]:
    """Name -> text, in the order in which an import runs them."""
    yield "What is rejected, and why", log.rejects
    yield (
        "The rollup: minute x model x tier x owner x long-context band",
        texts.rollup(log.relation, thresholds, log.has),
    )
    yield "First and last time", texts.span(log.relation)
    if log.reader.about.grain == "bucket":
        return
    first, last = _us(period.since, dt.date(2026, 1, 1)), _us(period.before, dt.date(2026, 2, 1))
    yield f"Peaks. {SPAN}", texts.peaks(log.relation, first, last, PEAK_WIDTHS_S)
    yield "Lengths of prompts", texts.lengths(log.relation, "input")
    yield "Lengths of answers", texts.lengths(log.relation, "output")
    if "duration_ms" in log.has:
        yield "Requests in flight", texts.busiest_second(log.relation)
    yield "Times between requests", texts.gaps(log.relation)


def _us(day: dt.date | None, otherwise: dt.date) -> int:
    return int(dt.datetime.combine(day or otherwise, dt.time(), dt.UTC).timestamp()) * US_PER_S


def _column(told: str) -> tuple[str, str]:
    name, equals, kind = told.partition("=")
    if not (name and equals and kind):
        raise InputError(f"--column {told}: write NAME=TYPE, for example prompt_tokens=integer")
    return name, kind


def _likely(name: str) -> str:
    lower = name.lower()
    if any(word in lower for word in COUNT_WORDS):
        return "bigint"
    if lower in {"spend", "cost", "total_cost"}:
        return "double precision"
    return "timestamp" if any(word in lower for word in TIME_WORDS) else "varchar"


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from None
