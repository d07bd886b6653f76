"""A measurement as text for a terminal: what it is worth, its levels, and everything its guards said."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from planner.capacity.measurement.compare import Differences
from planner.catalog.case_names import Names
from planner.cli.probe_gpu import CPU, gpu_words
from planner.cli.probe_progress import milliseconds
from planner.cli.text import WIDTH, narrow, table_text, titled, wrapped
from planner.decision.present_probe import (
    about_rows,
    comparison_rows,
    difference_rows,
    error_rows,
    flag_rows,
    headline,
    level_rows,
    spent_sentence,
)
from planner.decision.present_tables import Table
from planner.domain.measured_run import Run
from planner.domain.measurement import Measurement, Status
from planner.format import count, plural, short

USABLE: tuple[Status, ...] = ("ok", "not_saturated", "noisy")
RATE_HEADS = (
    "Requests/s",
    "In flight",
    "Answered",
    "Output tokens/s",
    "TTFT (ms)",
    "TTFT P95",
    "TPOT (ms)",
    "TPOT P95",
)
LEVEL_COLUMNS = ("In flight", "Repeats", "Output", "Spread", "TTFT", "TPOT")
GUIDE = "docs/probe.md has the meaning of every guard and the way out."


def measurement_text(m: Measurement, names: Names) -> str:
    """Everything that a person reads of a measurement."""
    gpus = _gpus(m, names)
    parts = [wrapped(headline(m, gpus)), pairs_text(about_rows(m, gpus)), *map(wrapped, _counted(m))]
    rates = [run for run in m.runs if run.kind == "open"]
    parts += _levels(narrow(level_rows(m), LEVEL_COLUMNS))
    if rates:
        parts += [_heading("Sent at a rate, answered or not"), table_text(RATE_HEADS, [_rate(run) for run in rates])]
    return "\n".join([*parts, *_tables((error_rows(m),)), *_flags(m)])


def differences_text(a: Measurement, b: Measurement, found: Differences, names: Names) -> str:
    """Two measurements side by side: what differs, and whether it is more than their repeats."""
    lines = [wrapped(f"{place}: {headline(m, _gpus(m, names))}") for place, m in (("First", a), ("Second", b))]
    said = _tables((comparison_rows(found), difference_rows(found)))
    return "\n".join([*lines, *(said or ["\nBoth say the same."])])


def pairs_text(table: Table) -> str:
    """A table of two columns: what, and a value that may be long."""
    width = max(len(row[0]) for row in table.rows) + 2
    lines = [
        textwrap.fill(f"{name:<{width}}{value}", WIDTH, subsequent_indent=" " * width, break_on_hyphens=False)
        for name, value in table.rows
    ]
    return "\n".join([_heading(table.title), *lines])


def _levels(table: Table) -> list[str]:
    """Names above units, so that the columns stay narrow."""
    if not table.rows:
        return []
    names, units = ([getattr(column, part) for column in table.columns] for part in ("name", "unit"))
    return [_heading(table.title), table_text(names, [units, *table.rows])]


def _gpus(m: Measurement, names: Names) -> str:
    """Empty for a server without a GPU: the sentences have words of their own for it."""
    return "" if m.declared.gpu_id == CPU else gpu_words(m.declared.gpu_id, m.declared.gpus, names)


def _flags(m: Measurement) -> Iterator[str]:
    """What the guards said, the gravest first."""
    table = flag_rows(m)
    if table.rows:
        yield _heading(table.title)
        for weight, guard, where, seen in table.rows:
            yield textwrap.fill(f"{weight}  {guard} ({where}): {seen}", WIDTH, subsequent_indent="  ")
        yield GUIDE


def _tables(tables: Sequence[Table]) -> list[str]:
    """Those that have rows."""
    return [titled(table) for table in tables if table.rows]


def _counted(m: Measurement) -> Iterator[str]:
    """Whether server and client counted the same tokens, and what it took."""
    told = [run for run in m.runs if run.reconciled is not None]
    same = [run for run in told if run.reconciled]
    if told:
        tokens = f" ({count(sum(run.output_tokens for run in same))} tokens)" if same else ""
        yield f"Server and client counted the same answer tokens in {len(same)} of {plural(len(told), 'run')}{tokens}."
    if m.runs:
        yield spent_sentence(m)


def _rate(run: Run) -> tuple[str, ...]:
    ttft, tpot = run.ttft_ms, run.tpot_ms
    return (
        f"{run.request_rate_per_s:g}",
        f"{run.requests_in_flight:.3g}",
        f"{count(run.completed)} of {count(run.sent)}",
        short(run.rate_output_tokens_per_s),
        *(milliseconds(value) for of in (ttft, tpot) for value in ((of.mean, of.p95) if of else (None, None))),
    )


def _heading(text: str) -> str:
    return f"\n{text}\n{'=' * len(text)}"
