"""The question at the top of the Capacity page: every figure with its unit, the scenario's own ones to begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import annotated_types as at
import streamlit as st
from pydantic import BaseModel

from planner.catalog.tables import Tables
from planner.decision.present_capacity import TERMS
from planner.domain.capacity import CapacityRequest
from planner.domain.serving import ENGINE_WORDS
from planner.domain.workload import LatencyTarget
from planner.web.capacity_ask import Asked, Start, asked, forget, keep, key_of, mean_words, typed
from planner.web.text import md, small

TIERS = ("marketplace", "neocloud", "hyperscaler")
FOLLOWS = "mean_requests_per_s"
"""Follows the peak until it is typed."""
KV = {None: "the engine's own", 8: "8", 16: "16"}


def question(begin: Start, tables: Tables) -> Asked:
    """The form, and the figures as they stand in it."""
    now = asked(begin)
    with st.container(border=True, key="capacity-form"):
        with st.container(key="capacity-load"):
            _load(now)
        _what(now, tables)
        with st.container(key="capacity-latency"):
            _latency(now)
        with st.expander("Prices, limits and engine", key="capacity-more", on_change="rerun") as more:
            if more.open:
                _more(now, tables)
        _origin(now, begin)
    return asked(begin)


def _origin(now: Asked, begin: Start) -> None:
    """Where the figures are from, and the way back."""
    changed = bool(typed())
    told = "Typed over the scenario's figures; the others are its own." if changed else "The scenario's own figures."
    with st.container(horizontal=True, vertical_alignment="center", key="capacity-origin"):
        st.markdown(small(md(" ".join((told, mean_words(now, begin), *begin.said)))))
        st.button(
            "Back to the scenario's figures",
            key="capacity-back",
            on_click=forget,
            disabled=not changed,
            help="Forgets what was typed here. The scenario itself does not change.",
        )


def _load(now: Asked) -> None:
    peak, prompt, answer, cached = st.columns(4)
    with peak:
        _number("Peak load (requests/s)", "peak_requests_per_s", now, 0.5)
    with prompt:
        _number("Prompt (tokens per request)", "input_tokens", now, 100.0)
    with answer:
        _number("Output (tokens per request)", "output_tokens", now, 50.0)
    with cached:
        _number("Cached share of the prompt (0 to 1)", "cached_fraction", now, 0.05)


def _what(now: Asked, tables: Tables) -> None:
    models, formats, gpus = st.columns(3)
    with models:
        _several("Models", "model_ids", now, {row.model_id: row.name for row in tables.models}, "All models")
    with formats:
        _several("Weight formats", "format_ids", now, {r.format_id: r.name for r in tables.formats}, "All formats")
    with gpus:
        _several("GPUs", "gpu_ids", now, {row.gpu_id: row.name for row in tables.gpus}, "All GPUs")


def _latency(now: Asked) -> None:
    tpot, ttft, percentile = st.columns(3)
    share = f"P{now['slo_percentile']:g}"
    with tpot:
        _number(f"{share} time per output token, TPOT (ms)", "tpot_slo_ms", now, 5.0)
    with ttft:
        _number(f"{share} time to first token, TTFT (ms)", "ttft_slo_ms", now, 100.0)
    with percentile:
        _number("Percentile of both", "slo_percentile", now, 1.0)


def _more(now: Asked, tables: Tables) -> None:
    first, second, third = st.columns(3)
    providers = sorted({row.provider for row in tables.gpu_prices})
    with first:
        _several("Terms", "terms", now, TERMS, "On demand")
        _several("Kinds of provider", "provider_tiers", now, {tier: tier for tier in TIERS}, "All kinds")
        _several("Providers", "providers", now, {name: name for name in providers}, "All providers")
        _text("Region begins with", "region", now)
        _number("Budget (USD a month)", "budget_usd_per_month", now, 500.0)
    with second:
        _number("Mean load (requests/s)", "mean_requests_per_s", now, 0.5)
        _whole("Spare replicas", "spare_replicas", now)
        _whole("Most GPUs per replica", "max_gpus_per_replica", now)
        _whole("Regions", "regions", now)
        _flag("One region may fail at peak", "survive_region_loss", now)
        _flag("Pay for whole instances", "whole_instances", now)
        _flag("Leave out models whose licence this use fails", "check_licences", now)
    with third:
        _one("Engine", "engine", now, ENGINE_WORDS)
        _one("KV cache (bits)", "kv_cache_bits", now, KV)
        _number("GPU memory the engine may use (share)", "gpu_memory_utilisation_fraction", now, 0.05)
        _whole("Longest request (tokens)", "max_model_len", now)
        _whole("Requests side by side, at most", "max_num_seqs", now)


def _field(name: str) -> Any:
    models: tuple[type[BaseModel], ...] = (CapacityRequest, LatencyTarget)
    return next(model.model_fields[name] for model in models if name in model.model_fields)


def _help(name: str) -> str:
    return md(_field(name).description or "")


def _ends(name: str) -> tuple[float | None, float | None]:
    """Bounds of a figure; an end that is left out (above 0) is refused by the request, in words."""
    low = high = None
    for rule in _rules(_field(name)):
        if isinstance(rule, at.Ge | at.Gt):
            low = float(str(rule.ge if isinstance(rule, at.Ge) else rule.gt))
        elif isinstance(rule, at.Le | at.Lt):
            high = float(str(rule.le if isinstance(rule, at.Le) else rule.lt))
    return low, high


def _rules(info: Any) -> Iterator[Any]:
    """The constraints of a field, those of an optional value included."""
    yield from info.metadata
    for part in getattr(info.annotation, "__args__", ()):
        for inner in getattr(part, "__metadata__", ()):
            yield from getattr(inner, "metadata", ())


def _start(name: str, now: Mapping[str, Any]) -> Any:
    return now[name] if name in now else _field(name).default


def _kept(name: str, convert: Callable[[Any], Any] = lambda value: value) -> Callable[[], None]:
    def take() -> None:
        keep(name, convert(st.session_state[key_of(name)]))

    return take


def _begin(name: str, now: Asked) -> Any:
    """What a number widget starts with. Only one that starts with None can be emptied: its value goes in by the key."""
    value = typed().get(name) if name == FOLLOWS else _start(name, now)
    if _field(name).default is not None:
        return value
    st.session_state.setdefault(key_of(name), value)
    return None


def _placeholder(name: str, now: Asked) -> str:
    follows = now.get(FOLLOWS) if name == FOLLOWS else None
    return "none" if follows is None else f"{follows:.3g}, follows the peak"


def _least(low: float | None, value: Any) -> float | None:
    """A scenario's own figure may lie outside what the search takes: the page then says so in words."""
    return low if value is None or low is None else min(low, float(value))


def _most(high: float | None, value: Any) -> float | None:
    return high if value is None or high is None else max(high, float(value))


def _number(label: str, name: str, now: Asked, step: float) -> None:
    low, high = _ends(name)
    value = _begin(name, now)
    st.number_input(
        label,
        min_value=_least(low, value),
        max_value=_most(high, value),
        value=None if value is None else float(value),
        step=step,
        format="%.10g",
        key=key_of(name),
        help=_help(name),
        placeholder=_placeholder(name, now),
        on_change=_kept(name),
    )


def _whole(label: str, name: str, now: Asked) -> None:
    low, high = _ends(name)
    value = _begin(name, now)
    st.number_input(
        label,
        min_value=int(low or 0),
        max_value=None if high is None else int(high),
        value=None if value is None else int(value),
        step=1,
        key=key_of(name),
        help=_help(name),
        placeholder="none",
        on_change=_kept(name),
    )


def _flag(label: str, name: str, now: Asked) -> None:
    st.checkbox(label, value=bool(_start(name, now)), key=key_of(name), help=_help(name), on_change=_kept(name))


def _text(label: str, name: str, now: Asked) -> None:
    st.text_input(label, value=str(_start(name, now)), key=key_of(name), help=_help(name), on_change=_kept(name))


def _one(label: str, name: str, now: Asked, words: Mapping[Any, str]) -> None:
    offered = list(words)
    st.selectbox(
        label,
        offered,
        index=offered.index(_start(name, now)),
        format_func=words.__getitem__,
        key=key_of(name),
        help=_help(name),
        on_change=_kept(name),
    )


def _several(label: str, name: str, now: Asked, words: Mapping[str, str], all_of_them: str) -> None:
    offered: Sequence[str] = list(words)
    st.multiselect(
        label,
        offered,
        default=[value for value in _start(name, now) if value in words],
        format_func=words.__getitem__,
        key=key_of(name),
        help=_help(name),
        placeholder=all_of_them,
        on_change=_kept(name, lambda chosen: tuple(chosen) or _field(name).default),
    )
