"""The boxes for what a probe sends and what it may use up; they begin with what the scenario asks."""

from __future__ import annotations

import math
from typing import NamedTuple

import streamlit as st
from pydantic import ValidationError

from planner.domain.probe_task import MAX_LEVEL, ProbeTask
from planner.web.probe_numbers import NotLevels, levels_text, read_levels
from planner.web.text import small

S_PER_MINUTE = 60.0
_BOXES = (
    *("input_tokens", "output_tokens", "ttft_p95_ms", "tpot_p95_ms"),
    *("levels", "most_in_flight", "repeats", "requests_per_slot", "requests", "tokens", "minutes", "usd"),
)


class Prices(NamedTuple):
    """What the server costs; None = not known, and then dollars are not counted."""

    usd_per_hour: float | None = None
    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None

    @property
    def known(self) -> bool:
        """Whether dollars can be counted: by the hour, or both kinds of tokens."""
        by_token = (self.input_usd_per_mtok, self.output_usd_per_mtok)
        return self.usd_per_hour is not None or None not in by_token


class Wanted(NamedTuple):
    """The task as it stands in the boxes, or everything that is wrong with it."""

    task: ProbeTask | None
    problems: tuple[str, ...] = ()


def shape_boxes(start: ProbeTask, prices: Prices, key: str) -> Wanted:
    """The task. `key` is new when the scenario or its option is another one, so that the boxes begin afresh."""
    with st.expander("Lengths, loads and limits"):
        st.markdown(small("They begin with the scenario's own request lengths, its operating point and its target."))
        for column, draw in zip(st.columns(3), (_lengths, _loads, _limits), strict=True):
            with column:
                draw(start, key)
    return _wanted(start, prices, key)


def _lengths(start: ProbeTask, key: str) -> None:
    _whole("Prompt (tokens per request)", "input_tokens", start.input_tokens, 10_000_000, key)
    _whole("Output (tokens per request)", "output_tokens", start.output_tokens, 1_000_000, key)
    _number("P95 time to first token, target (ms)", "ttft_p95_ms", start.ttft_p95_ms, key)
    _number("P95 time per output token, target (ms)", "tpot_p95_ms", start.tpot_p95_ms, key)


def _loads(start: ProbeTask, key: str) -> None:
    name = _key("levels", key)
    st.session_state.setdefault(name, levels_text(start.levels))
    st.text_input("Requests in flight, one load after the other", key=name, max_chars=200)
    help_text = "While throughput still rises at the last load, it is doubled, up to this."
    _whole("Most requests in flight", "most_in_flight", start.most_in_flight, MAX_LEVEL, key, help_text)
    help_text = "Identical runs differ by 10% and more: three repeats show by how much."
    _whole("Repeats of each load", "repeats", start.repeats, 20, key, help_text)
    help_text = "Requests of a run for each one in flight, after a warm-up wave."
    _whole("Waves of requests in a run", "requests_per_slot", start.requests_per_slot, 1000, key, help_text)


def _limits(start: ProbeTask, key: str) -> None:
    _whole("Requests at most", "requests", start.budget.requests, 10**7, key)
    _whole("Tokens at most", "tokens", start.budget.tokens, 10**12, key)
    _number("Minutes at most", "minutes", math.ceil(start.budget.seconds / S_PER_MINUTE), key)
    _number("US dollars at most", "usd", start.budget.usd, key)


def _key(name: str, key: str) -> str:
    return f"probe-{name}-{key}"


def _whole(label: str, name: str, value: int, most: int, key: str, help_text: str | None = None) -> None:
    where = _key(name, key)
    st.session_state.setdefault(where, value)
    st.number_input(label, min_value=1, max_value=most, step=1, key=where, help=help_text)


def _number(label: str, name: str, value: float | None, key: str) -> None:
    where = _key(name, key)
    st.session_state.setdefault(where, None if value is None else float(value))
    st.number_input(label, min_value=0.0, max_value=1e7, key=where, placeholder="None", format="%.10g")


def _wanted(start: ProbeTask, prices: Prices, key: str) -> Wanted:
    """The boxes over the task that they began with."""

    typed = {name: st.session_state[_key(name, key)] for name in _BOXES}
    try:
        levels = read_levels(typed.pop("levels"))
    except NotLevels as error:
        return Wanted(None, (str(error),))
    if typed["usd"] and not prices.known:
        return Wanted(None, ("Dollars cannot be counted without a price: give the server's price, or no such limit.",))
    budget = {
        "requests": typed.pop("requests"),
        "tokens": typed.pop("tokens"),
        "seconds": (typed.pop("minutes") or 0) * S_PER_MINUTE or start.budget.seconds,
        "usd": typed.pop("usd") or None,
    }
    targets = {name: typed.pop(name) or None for name in ("ttft_p95_ms", "tpot_p95_ms")}
    typed["most_in_flight"] = max(typed["most_in_flight"], levels[-1])
    return _checked(start.model_dump() | typed | targets | prices._asdict() | {"levels": levels, "budget": budget})


def _checked(document: dict[str, object]) -> Wanted:
    try:
        return Wanted(ProbeTask.model_validate(document))
    except ValidationError as error:
        found = error.errors(include_url=False)
        return Wanted(None, tuple(f"{' '.join(map(str, e['loc']))}: {e['msg']}." for e in found))
