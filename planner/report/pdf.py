"""The report for a budget review: the words and tables of `present`, set by typst.

Text of users goes in as JSON only, so none of it is ever read as markup.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import typst

from planner.decision import present, present_risk
from planner.decision.present import Table
from planner.decision.present_risk import probe_sentences
from planner.decision.present_risk_tables import range_rows, spread_rows, tornado_rows, worth_rows
from planner.domain.currency import written_in
from planner.domain.result import Result
from planner.domain.risk import Risk
from planner.domain.scenario import Scenario
from planner.format import plural, requests_per_day, tokens_per_day
from planner.report.glyphs import FONT_FOLDER, breakable, covered, lacks

TEMPLATE = Path(__file__).with_name("report.typ")
STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]
"""Archivable and accessible; compiling fails when, for one, a figure has no text in its place."""
OPTIONS_PER_TABLE = 6
WIDEST_WORD = 24
WIDEST_CELL = 70
COLUMN_GAP = 4
PAGE_CHARACTERS = 175
SHORT_ROWS, SHORT_CHARACTERS = 10, 1000
"""A table up to this size stays on one page, with its heading: it is far smaller than one."""

Json = dict[str, Any]


class Figure(NamedTuple):
    """A chart drawn elsewhere: an SVG document, the chart in words, and the line below it."""

    svg: str
    alt: str
    caption: str


def render_pdf(
    scenario: Scenario,
    result: Result,
    figures: Sequence[Figure] = (),
    *,
    risk: Risk | None = None,
    when: dt.datetime,
) -> bytes:
    """The report as a tagged PDF in the scenario's currency; the same arguments give the same bytes.

    `when` must know its time zone.
    """
    if when.tzinfo is None:
        raise ValueError("when has no time zone; pass for example datetime.now(UTC)")
    moment = when.astimezone(dt.UTC).replace(microsecond=0)
    with written_in(scenario.currency):
        document = _document(scenario, result, figures, risk, moment)
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(document, ensure_ascii=False)},
        pdf_standards=list(STANDARDS),
        timestamp=moment,
    )


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONT_FOLDER)])


def _document(
    scenario: Scenario, result: Result, figures: Sequence[Figure], risk: Risk | None, when: dt.datetime
) -> Json:
    """Everything the template shows, as plain values."""
    return {
        "title": covered(scenario.name),
        "shown_title": breakable(scenario.name),
        "author": covered(scenario.owner),
        "headline": breakable(present.headline(scenario, result)),
        "support": [breakable(s) for s in (*present.support(scenario, result), *_risk_sentences(risk))],
        "metrics": [[breakable(part) for part in metric] for metric in present.metrics(scenario, result)],
        "facts": [[label, breakable(value)] for label, value in _facts(scenario, result, when)],
        "notes": breakable(scenario.notes),
        "figures": [{"svg": covered(f.svg), "alt": f.alt, "caption": breakable(f.caption)} for f in figures],
        "tables": [_table(t, scenario) for t in _tables(scenario, result, risk) if t.rows],
        "lacks": lacks(scenario.model_dump_json()),
    }


def _facts(scenario: Scenario, result: Result, when: dt.datetime) -> list[tuple[str, str]]:
    volume = f"{tokens_per_day(result.demand.tokens_per_day)}, {requests_per_day(result.demand.requests_per_day)}"
    return [
        ("Owner", scenario.owner or "not named"),
        ("Workload", f"{volume}; {present.mix(result)}"),
        ("Horizon", f"{plural(result.horizon_months, 'month')} from {result.on.isoformat()}"),
        ("Prices as of", result.on.isoformat()),
        *([("Currency", currency)] if (currency := present.currency_sentence(scenario.currency, result.on)) else []),
        ("Report made", f"{when:%Y-%m-%d %H:%M} UTC"),
    ]


def _risk_sentences(risk: Risk | None) -> tuple[str, ...]:
    return () if risk is None or risk.status != "known" else (present_risk.headline(risk), *probe_sentences(risk)[:1])


def _risk_tables(risk: Risk | None) -> Iterable[Table]:
    if risk is not None and risk.status == "known":
        yield spread_rows(risk)
        yield tornado_rows(risk)
        yield worth_rows(risk)
        yield range_rows(risk)


def _tables(scenario: Scenario, result: Result, risk: Risk | None) -> Iterable[Table]:
    yield present.option_rows(scenario, result)
    yield present.blocked_rows(result)
    yield present.note_rows(result)
    yield present.comparison_rows(result)
    yield present.break_even_rows(result)
    yield present.required_rows(result)
    yield present.switch_rows(result)
    yield from _risk_tables(risk)
    yield present.year_rows(result)
    priced = present.priced_ids(result)
    for start in range(0, len(priced), OPTIONS_PER_TABLE):
        yield present.month_rows(result, priced[start : start + OPTIONS_PER_TABLE])
    yield present.workload_rows(scenario)
    yield present.assumption_rows(scenario)
    yield present.evidence_rows(result)
    yield present.version_rows(scenario, result)


def _table(table: Table, scenario: Scenario) -> Json:
    whole = plural(scenario.horizon_months, "month")
    return {
        "title": table.title,
        "heads": [breakable(head) for head in table.heads],
        "aligns": [column.align for column in table.columns],
        "widths": _widths(list(zip(table.heads, *table.rows, strict=True))),
        "rows": [[breakable(cell) for cell in row] for row in table.rows],
        "strong": [row[0] == "Total" or row[0].startswith("Year ") or row[1] == whole for row in table.rows],
        "link": table.heads.index("Link") if "Link" in table.heads else None,
        "short": len(table.rows) <= SHORT_ROWS and sum(map(len, chain(*table.rows))) <= SHORT_CHARACTERS,
    }


def _widths(columns: Sequence[Sequence[str]]) -> list[float]:
    """Characters for each column: its longest word first, then what is left goes where the long cells are."""
    needed = [min(WIDEST_WORD, max(len(w) for cell in cells for w in (cell.split() or [""]))) for cells in columns]
    wanted = [min(WIDEST_CELL, max(len(cell) for cell in cells)) for cells in columns]
    base = [word + COLUMN_GAP for word in needed]
    more = [max(1, cell - word) for cell, word in zip(wanted, needed, strict=True)]
    left = max(0.0, PAGE_CHARACTERS - sum(base)) / sum(more)
    return [word + left * extra for word, extra in zip(base, more, strict=True)]
