"""What one replica serves: which source is used, what was measured, and a figure typed in by hand."""

from __future__ import annotations

import streamlit as st

from planner.domain.facts import OptionFacts, OwnedFacts, RentedFacts
from planner.domain.options import SelfHosted, TypedThroughput
from planner.domain.serving import KnownSource
from planner.web import fields
from planner.web.calibration_inputs import calibration_inputs
from planner.web.editing import panel_key
from planner.web.forms import section
from planner.web.option_switch import Changes, ask, switch, typed_switch
from planner.web.serving_inputs import serving_inputs
from planner.web.state import PathKey, answer, draft, today
from planner.web.text import small

ONE = {"output_tokens_per_s_per_replica": "Output tokens/s per replica"}
PAIR = {
    "prefill_tokens_per_s_per_replica": "Prefill tokens/s per replica",
    "decode_tokens_per_s_per_replica": "Decode tokens/s per replica",
}
SOURCES = {
    "auto": "the best there is",
    "published": "published runs only",
    "modelled": "the model only",
    "calibrated": "my measured points only",
}
SOURCE_WORDS: dict[KnownSource, str] = {
    "typed": "typed in",
    "calibrated": "from the points measured on your own server",
    "published": "the nearest published run that holds the latency target",
    "modelled": "modelled from the model, the GPU and the request lengths, with its 80% band",
}
UNKNOWN_NOW = "Throughput: not known; the reason stands with the option."
NOTHING_KNOWN = "There is no throughput to start from: type it in."
PAIR_NOT_KNOWN = "Both rates are needed, each measured alone."
ONE_NOT_KNOWN = "The figure at this workload's own mix is needed."


def throughput_inputs(path: PathKey, option: SelfHosted) -> None:
    """The source, the switch to a typed figure, the measured points and the engine."""
    fields.choice("Throughput from", (*path, "throughput_source"), list(SOURCES), show=SOURCES.__getitem__)
    wanted = typed_switch("Type in the throughput", path, "throughput", lambda: published(option), {})
    if option.throughput is not None:
        _typed(path, option, option.throughput)
    elif wanted:
        _ask_new(path)
    st.markdown(small(_used(option)))
    calibration_inputs(path, option)
    serving_inputs(path, option)


def _used(option: SelfHosted) -> str:
    """The source of the throughput that the answer uses, in words."""
    now = facts_of(option)
    if not isinstance(now, RentedFacts | OwnedFacts) or now.replica.throughput_source is None:
        return UNKNOWN_NOW
    return f"Throughput: {SOURCE_WORDS[now.replica.throughput_source]}."


def facts_of(option: SelfHosted) -> OptionFacts | None:
    """What the answer knows of an option now."""
    facts = answer(draft().scenario)[0]
    return next((entry for entry in facts.options if entry.option_id == option.option_id), None)


def _ask_new(path: PathKey) -> None:
    labels = PAIR if st.toggle("Prefill and decode apart", key=panel_key(path, "ask-pair")) else ONE
    ask(path, NOTHING_KNOWN, labels, lambda typed: {"throughput": typed})


def published(option: SelfHosted) -> Changes | None:
    """What the option runs at now, with its range; None when that is not known."""
    now, rate = facts_of(option), _rate_now(option)
    if rate is None or not isinstance(now, RentedFacts | OwnedFacts):
        return None
    return {
        "output_tokens_per_s_per_replica": rate,
        "held_at_slo": now.replica.held_at_slo,
        "low_fraction": now.replica.low_fraction,
        "high_fraction": now.replica.high_fraction,
        "provenance": {
            "origin": "assumed",
            "source": f"{_start_words(now.replica.throughput_source)}, taken on {today()}, edited by hand",
            "as_of": today().isoformat(),
        },
    }


def _start_words(source: KnownSource | None) -> str:
    """What a typed figure started from."""
    return {"modelled": "modelled throughput", "calibrated": "own measured points"}.get(
        source or "", "nearest published measurement"
    )


def _rate_now(option: SelfHosted) -> float | None:
    """Output tokens/s of one replica at this workload's mix, as the answer has it."""
    fleet = answer(draft().scenario)[1].option(option.option_id).fleet
    return round(fleet.replica_output_tokens_per_s, 3) or None if fleet else None


def _typed(path: PathKey, option: SelfHosted, typed: TypedThroughput) -> None:
    where = (*path, "throughput")
    is_pair = typed.output_tokens_per_s_per_replica is None
    pair = switch("Prefill and decode apart", where, "pair", is_pair, lambda on: _form(option, on, is_pair))
    if pair == is_pair:
        for name, label in (PAIR if pair else ONE).items():
            fields.number(label, (*where, name), step=10, needed=True)
    else:
        empty = dict.fromkeys(ONE if pair else PAIR)
        why, labels = (PAIR_NOT_KNOWN, PAIR) if pair else (ONE_NOT_KNOWN, ONE)
        ask(where, why, labels, lambda given: {**empty, **given})
    _range(where)


def _form(option: SelfHosted, to_pair: bool, is_pair: bool) -> Changes | None:
    """Two rates give one figure at this mix; one figure does not give two rates."""
    if to_pair == is_pair:
        return {}
    rate = None if to_pair else _rate_now(option)
    return None if rate is None else {**dict.fromkeys(PAIR), "output_tokens_per_s_per_replica": rate}


def _range(path: PathKey) -> None:
    with section("Range and latency", path, "range") as is_open:
        if is_open:
            fields.flag("Measured at the latency target", (*path, "held_at_slo"))
            fields.number("Low end (share of the figure)", (*path, "low_fraction"), step=0.05)
            fields.number("High end (share of the figure)", (*path, "high_fraction"), step=0.05)
    fields.provenance_inputs((*path, "provenance"))
