"""What a server does not tell and its owner says: GPU, how many, model, number format, price. Boxes for it."""

from __future__ import annotations

import streamlit as st

from planner.catalog.tables import Tables
from planner.domain.measurement import Declared
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario
from planner.format import usd_small
from planner.web.state import draft

CPU, NOT_SAID = "cpu", ""
SAID = {NOT_SAID: "Not said"}


def declared_of(option: SelfHosted | None, usd_per_gpu_hour: float | None = None) -> Declared:
    """A server like the one of an option; nothing when there is none."""
    if option is None:
        return Declared(usd_per_gpu_hour=usd_per_gpu_hour)
    return Declared(
        gpu_id=option.gpu_id,
        gpus=option.gpus_per_replica,
        model_id=option.model_id,
        format_id=option.format_id,
        usd_per_gpu_hour=usd_per_gpu_hour,
    )


def declared_boxes(start: Declared, tables: Tables, key: str) -> Declared:
    """The boxes, beginning with `start`; `key` is new when they have to begin afresh."""
    gpus = SAID | {CPU: "CPU, no GPU"} | {row.gpu_id: row.name for row in tables.gpus}
    models = SAID | {row.model_id: row.name for row in tables.models}
    formats = SAID | {row.format_id: row.name for row in tables.formats}
    left, middle, right = st.columns(3)
    with left:
        gpu = _one("GPU of the server", gpus, start.gpu_id, f"{key}-gpu")
        number = st.number_input("GPUs of the server", 1, 4096, start.gpus, 1, key=f"{key}-gpus")
    with middle:
        model = _one("Model", models, start.model_id, f"{key}-model")
        number_format = _one("Weight format", formats, start.format_id, f"{key}-format")
    with right:
        price = st.number_input(
            "Price (USD per GPU-hour)",
            0.0,
            1e6,
            start.usd_per_gpu_hour,
            key=f"{key}-price",
            placeholder="Not known",
            format="%.10g",
            help="For the dollars that a probe uses up. A server of your own that runs anyway may be 0.",
        )
        flags = st.text_input(
            "How it was started",
            start.server_flags,
            max_chars=200,
            key=f"{key}-flags",
            placeholder="--max-num-seqs 256",
            help="Flags of the engine, for whoever reads the result. No keys.",
        )
    return Declared(
        gpu_id=gpu,
        gpus=1 if gpu == CPU else int(number),
        model_id=model,
        format_id=number_format,
        usd_per_gpu_hour=price,
        server_flags=" ".join(flags.split()),
        note=start.note,
    )


def _one(label: str, words: dict[str, str], start: str, key: str) -> str:
    names = list(words)
    index = names.index(start) if start in words else 0
    return st.selectbox(label, names, index=index, format_func=words.__getitem__, key=key)


def gpu_words(declared: Declared, tables: Tables) -> str:
    """`2 x NVIDIA H100 SXM`; empty when it was not said."""
    if declared.gpu_id in (NOT_SAID, CPU):
        return "a CPU, no GPU" if declared.gpu_id else ""
    row = tables.gpu_by_id.get(declared.gpu_id)
    return f"{declared.gpus} x {row.name if row else declared.gpu_id}"


def price_words(declared: Declared) -> str:
    """The price as it was said."""
    price = declared.usd_per_gpu_hour
    return "not known" if price is None else f"{usd_small(price)} per GPU-hour"


def own_fleets(scenario: Scenario) -> dict[str, SelfHosted]:
    """Options that a measurement can be put into, by their id."""
    return {o.option_id: o for o in scenario.options if isinstance(o, SelfHosted)}


def option_box(label: str, key: str) -> SelfHosted | None:
    """One option of the draft that runs on GPUs; None when it has none."""
    found = own_fleets(draft().scenario)
    if not found:
        return None
    chosen = st.selectbox(
        label,
        list(found),
        format_func=lambda i: found[i].label,
        key=f"{key}-{draft().document}-{draft().epoch}",
    )
    return found.get(chosen) or next(iter(found.values()))
