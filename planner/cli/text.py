"""The answer as text for a terminal."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence

from planner.decision import present
from planner.decision.present import Table
from planner.domain.currency import written_in
from planner.domain.evidence import Evidence
from planner.domain.freshness import age_text
from planner.domain.result import Result
from planner.domain.scenario import Scenario

WIDTH = 110
CELL = 40
OPTION_COLUMNS = ("Option", "NPV", "Per month", "Per 1M tokens", "GPUs", "Utilisation", "Why blocked or dearer")


COMPARISON_COLUMNS = ("Option", "Saved", "Paid back for good", "Internal", "Best month")


def answer_text(scenario: Scenario, result: Result) -> str:
    """Headline, support, metrics, options with their reasons, break-evens and evidence."""
    with written_in(scenario.currency):
        return _answer_text(scenario, result)


def _answer_text(scenario: Scenario, result: Result) -> str:
    currency = present.currency_sentence(scenario.currency, result.on)
    parts = [
        scenario.name,
        f"Prices of {result.on}",
        *([wrapped(currency)] if currency else []),
        "",
        wrapped(present.headline(scenario, result)),
        *(wrapped(sentence) for sentence in present.support(scenario, result)),
        "",
        *(f"{m.label:<34} {m.value:>16}  {m.note}" for m in present.metrics(scenario, result)),
        titled(narrow(present.option_rows(scenario, result), OPTION_COLUMNS)),
        *_blocked(result),
        "\nBreak-even, self-hosted against per token\n" + "=" * 41,
        *(textwrap.fill(pair.explanation, WIDTH, subsequent_indent="  ") for pair in result.break_evens),
        titled(narrow(present.comparison_rows(result), COMPARISON_COLUMNS)),
        titled(present.switch_rows(result)),
        *_notes(present.note_rows(result)),
        "\nFigures and their sources\n" + "=" * 25,
        *(_evidence(item, result.on) for item in result.evidence),
    ]
    return "\n".join(parts)


def wrapped(text: str) -> str:
    """Lines of the terminal's width."""
    return textwrap.fill(text, WIDTH)


def _evidence(item: Evidence, on: dt.date) -> str:
    """One figure with unit, origin, date, age on the day of the prices, and source."""
    note = f"; {item.note}" if item.note else ""
    age = age_text(item.as_of, on)
    dated = f" of {item.as_of}, {age}" if item.as_of else f", {age}"
    row = f" [{item.row}]" if item.row else ""
    figure = f"{item.label}: {item.value} {item.unit}".rstrip()
    text = f"{figure} ({item.origin}{dated}). {item.source} {item.source_url}{note}{row}"
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def narrow(table: Table, names: Sequence[str]) -> Table:
    """The columns whose name starts with one of `names`."""
    kept = [i for i, column in enumerate(table.columns) if column.name.startswith(tuple(names))]
    return Table(
        table.title,
        tuple(table.columns[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in table.rows),
    )


def titled(table: Table) -> str:
    """A table under its title."""
    heads = tuple(column.head for column in table.columns)
    return f"\n{table.title}\n{'=' * len(table.title)}\n{table_text(heads, table.rows)}"


def table_text(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell; long cells wrap."""
    if not rows:
        return "(nothing)"
    wrapped = [[_lines(cell) for cell in row] for row in ([heads, *rows] if heads else rows)]
    widths = [max(len(line) for row in wrapped for line in row[i]) for i in range(len(wrapped[0]))]
    lines = [line for row in wrapped for line in _row_lines(row, widths)]
    if heads:
        height = max(len(cell) for cell in wrapped[0])
        lines.insert(height, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _lines(cell: str) -> list[str]:
    """Lines of a cell. Ids and addresses stay whole, to be copied: a line may be longer for one."""
    return textwrap.wrap(cell, CELL, break_long_words=False, break_on_hyphens=False) or [""]


def _row_lines(row: list[list[str]], widths: list[int]) -> list[str]:
    height = max(len(cell) for cell in row)
    padded = [
        [line.ljust(width) for line in (*cell, *[""] * (height - len(cell)))]
        for cell, width in zip(row, widths, strict=True)
    ]
    return ["  ".join(parts).rstrip() for parts in zip(*padded, strict=True)]


def _notes(table: Table) -> list[str]:
    """What a reviewer should know, a line for each option and note."""
    head = [f"\n{table.title}\n{'=' * len(table.title)}"] if table.rows else []
    return head + [textwrap.fill(f"{option}: {note}", WIDTH, subsequent_indent="  ") for option, note in table.rows]


def _blocked(result: Result) -> list[str]:
    blocked = [option for option in result.options if option.status != "ok"]
    lines = ["\nBlocked and excluded options\n============================"] if blocked else []
    for option in blocked:
        lines += [
            textwrap.fill(f"{option.label}: {r.code}: {r.message} {r.remedy} (field: {r.field})", WIDTH)
            for r in option.reasons
        ]
    return lines
