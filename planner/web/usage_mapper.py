"""A table that no format fits: which column is which, a look at the first rows as read, and the import again."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from planner.decision.present_tables import NOT_KNOWN, Column, Table, right
from planner.format import count
from planner.usage.errors import UsageError
from planner.usage.look import look
from planner.usage.preview import PreviewRow, preview
from planner.web.tables import html_table
from planner.web.text import md
from planner.web.usage_desk import Desk
from planner.workload.readers.base import OwnerKind
from planner.workload.usage_rows import NANO

FIRST_ROWS = 5
INSIDE, OUTSIDE = "part of the input tokens", "beside the input tokens"
DOLLARS = "US dollars"
DURATIONS = {"milliseconds": "duration_ms", "seconds": "duration_s"}
SECONDS = {"s", "sec", "secs", "second", "seconds"}
IN_A_ROW = 3
ABSENT = ""
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Target(NamedTuple):
    """What a column may be: its label, the words that its name may have, and those it may not."""

    name: str
    label: str
    words: tuple[str, ...]
    never: tuple[str, ...] = ()


MONEY = ("cost", "price", "spend", "usd", "amount")
TARGETS = (
    Target(
        "timestamp",
        "Time",
        ("timestamp", "time", "created", "started", "date", "when", "sent", "received", "at"),
        ("end", "first", "latency"),
    ),
    Target("model", "Model", ("model", "deployment", "engine"), ("version", "id")),
    Target("input_tokens", "Input tokens", ("input", "prompt", "in"), ("cache", "cached", "read", "write", *MONEY)),
    Target(
        "cached_input_tokens", "Cached input tokens", ("cached", "cache"), ("write", "creation", "hit", "key", *MONEY)
    ),
    Target("output_tokens", "Output tokens", ("output", "completion", "generated", "out"), MONEY),
    Target("duration", "Duration", ("duration", "latency", "elapsed"), ("first",)),
    Target("cost", "Cost", MONEY, ("currency", "input", "output")),
)
OWNER, ZONE = "usage-owner", "usage-zone"
"""Keys of the boxes that say whom to keep, and in which zone times are."""
BOX, FORGET = "usage-map-", "usage-map-forget"
OWNERS: dict[OwnerKind, Target] = {
    "team": Target("team", "Column of teams", ("team", "squad", "group", "department")),
    "project": Target("project", "Column of projects", ("project", "app", "application", "service")),
    "key": Target("api_key", "Column of API keys", ("key",), ("request",)),
    "user": Target("user", "Column of people", ("user", "employee", "email", "person")),
}
"""Who asked, when the import is to keep it."""
NEEDED = ("timestamp", "input_tokens", "output_tokens")
PROMPTS = re.compile(
    r"(messages?|prompts?|completions?|responses?|requests?|inputs?|outputs?|body|content|text)(_text|_body)?"
)
"""Columns by these names hold what people wrote: they are never offered, and so never shown."""


class Mapped(NamedTuple):
    """How a table is to be read."""

    columns: Mapping[str, str]
    """Name of a plain table's column -> column of the file."""
    cached_inside: bool


def mapper_panel(current: Desk, begin: Callable[[Mapped], None]) -> None:
    """The select boxes, the first rows as read with them, and the button that calls `begin`."""
    path = current.unread[0]
    with st.container(border=True, key="usage-mapper"):
        st.markdown(f"**{md(path.name)}: which column is which?** Columns with prompts and answers are left out.")
        mapped = _boxes(offered(look(path).columns))
        missing = [target.label for target in TARGETS if target.name in NEEDED and target.name not in mapped.columns]
        if missing:
            st.markdown(f"Still needed: {', '.join(missing)}.")
        else:
            _preview(path, mapped)
        with st.container(horizontal=True):
            st.button(
                "Import with these columns",
                type="primary",
                key="usage-map",
                disabled=bool(missing),
                on_click=begin,
                args=(mapped,),
            )
            st.button("Forget these files", key=FORGET, on_click=current.clear)


def _boxes(columns: list[str]) -> Mapped:
    first = guess(columns)
    chosen: dict[str, str] = {}
    for start in range(0, len(TARGETS), IN_A_ROW):
        for place, target in zip(st.columns(IN_A_ROW), TARGETS[start : start + IN_A_ROW], strict=False):
            with place:
                column = _box(target, columns, first.get(target.name))
            if column is not None:
                chosen[target.name] = column
    chosen |= _owner(columns)
    inside = True
    if "cached_input_tokens" in chosen:
        said = st.radio("Cached input tokens are", [INSIDE, OUTSIDE], key="usage-map-inside", horizontal=True)
        inside = said == INSIDE
    return Mapped(_named(chosen, columns), inside)


def _owner(columns: list[str]) -> dict[str, str]:
    """The column of whom to keep; nothing when nobody is."""
    target = next((target for kind, target in OWNERS.items() if kind == st.session_state.get(OWNER)), None)
    if target is None:
        return {}
    ranked = [(rank, place) for place, name in enumerate(columns) if (rank := _rank(target, name)) is not None]
    column = _box(target, columns, columns[min(ranked)[1]] if ranked else None)
    return {} if column is None else {target.name: column}


def _box(target: Target, columns: list[str], first: str | None) -> str | None:
    offers, key = [ABSENT, *columns], f"{BOX}{target.name}"
    if st.session_state.get(key) not in offers:
        st.session_state[key] = first or ABSENT
    return st.selectbox(target.label, offers, format_func=lambda name: name or "Not in the file", key=key) or None


def mapping_boxes() -> tuple[str, ...]:
    """Keys of the boxes above that hold something now."""
    return tuple(str(key) for key in st.session_state if str(key).startswith(BOX) and key != FORGET)


def _named(chosen: dict[str, str], columns: list[str]) -> dict[str, str]:
    """Duration and cost under the name that says their unit."""
    found = {name: column for name, column in chosen.items() if name not in {"duration", "cost"}}
    if "duration" in chosen:
        key = f"{BOX}unit-{chosen['duration']}"
        units = list(DURATIONS)
        st.session_state.setdefault(key, units[int(bool(SECONDS & set(_words(chosen["duration"]))))])
        unit = st.radio("Durations are in", units, key=key, horizontal=True)
        found[DURATIONS[unit]] = chosen["duration"]
    if "cost" in chosen:
        others = [name for name in columns if name != chosen["cost"]]
        currency = st.selectbox("Currency of the cost", [DOLLARS, *others], key="usage-map-currency")
        found |= {"cost_usd": chosen["cost"]} if currency == DOLLARS else {"cost": chosen["cost"], "currency": currency}
    return found


def _preview(path: Path, mapped: Mapped) -> None:
    """The first rows as they would be read, or what is wrong."""
    try:
        zone = st.session_state.get(ZONE, "UTC")
        rows = preview(path, mapped.columns, cached_inside=mapped.cached_inside, zone=zone, rows=FIRST_ROWS)
    except UsageError as error:
        for problem in error.problems:
            st.error(md(str(problem)), icon="⚠️")
        return
    st.html(html_table(preview_rows(rows)))


def preview_rows(rows: Sequence[PreviewRow]) -> Table:
    """Rows as read; fresh and cached input are disjoint."""
    columns = (
        Column("Time (UTC)"),
        Column("Model"),
        *right(("Fresh input", "tokens"), ("Cached input", "tokens"), ("Output", "tokens")),
        *right(("Duration", "ms"), ("Cost", "")),
        Column("Would be rejected"),
    )
    return Table(f"The first {len(rows)} rows as read", columns, tuple(_preview_row(row) for row in rows))


def _preview_row(row: PreviewRow) -> tuple[str, ...]:
    tokens = (row.fresh_input_tokens, row.cached_input_tokens, row.output_tokens, row.duration_ms)
    cost = NOT_KNOWN if row.cost_nano is None else f"{row.cost_nano / NANO:,.6f} {row.currency}"
    return (
        NOT_KNOWN if row.started_us is None else _time(row.started_us),
        row.model or NOT_KNOWN,
        *(NOT_KNOWN if value is None else count(value) for value in tokens),
        cost,
        row.rejected or "no",
    )


def _time(started_us: int) -> str:
    """The moment; one outside the calendar as its number."""
    try:
        return f"{EPOCH + dt.timedelta(microseconds=started_us):%Y-%m-%d %H:%M:%S}"
    except OverflowError:
        return f"{started_us:,} µs"


def offered(columns: Sequence[str]) -> list[str]:
    """Columns that may hold figures, times or names."""
    return [name for name in columns if name and not PROMPTS.fullmatch(name.rpartition(".")[2].lower())]


def guess(columns: Sequence[str]) -> dict[str, str]:
    """A first try: for each target the column whose name says it soonest; each column once."""
    found: dict[str, str] = {}
    for target in TARGETS:
        free = [name for name in columns if name not in found.values()]
        ranked = sorted(
            (rank, place, name) for place, name in enumerate(free) if (rank := _rank(target, name)) is not None
        )
        if ranked:
            found[target.name] = ranked[0][2]
    return found


def _rank(target: Target, column: str) -> int | None:
    """Place of the first word of the target that the column's name has; None when it has none."""
    words = _words(column)
    if any(word in target.never for word in words):
        return None
    return next((place for place, word in enumerate(target.words) if word in words), None)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
