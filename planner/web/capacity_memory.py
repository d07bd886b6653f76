"""The memory of a deployment as a bar, with what is left for requests; any other deployment can be tried."""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from planner.capacity.replica_memory import Setup
from planner.catalog.tables import Tables
from planner.charts.memory_bar import MemoryRow, memory_bar_alt, memory_bar_chart
from planner.decision.candidates.memory import context_tokens, kv_bits
from planner.decision.present_capacity import Names
from planner.decision.present_capacity_memory import Memory, cannot, memory, memory_rows, way_rows, ways_to_fit
from planner.domain.capacity import CapacityRequest, Placement
from planner.web.answer import show_table, theme
from planner.web.parts import draw
from planner.web.text import md, small

GPUS = (1, 2, 4, 8, 16)
TRIED = "capacity-try"


class Picked(NamedTuple):
    """Rows and counts of a deployment to look at."""

    model_id: str
    format_id: str
    gpu_id: str
    tp: int
    pp: int


def memory_panel(found: Placement | None, request: CapacityRequest, tables: Tables, in_service: float | None) -> None:
    """Bar, table, and what would make it fit; the pickers begin with the deployment shown."""
    begin = _begin(found, request, tables)
    picked = _pick(begin, tables)
    setup = _setup(picked, request, tables)
    if problems := cannot(setup, tables):
        for problem in problems:
            st.error(md(problem), icon="⚠️")
        return
    same = found is not None and picked == begin
    _show(setup, request, tables, in_service if same else None)


def _begin(found: Placement | None, request: CapacityRequest, tables: Tables) -> Picked:
    if found is not None:
        return Picked(found.model_id, found.format_id, found.gpu_id, found.tp, found.pp)
    model = next(iter(request.model_ids), tables.models[0].model_id)
    native = tables.model_by_id[model].native_format
    gpu = "h100-sxm" if "h100-sxm" in tables.gpu_by_id else tables.gpus[0].gpu_id
    return Picked(model, next(iter(request.format_ids), native), next(iter(request.gpu_ids), gpu), 1, 1)


def _pick(begin: Picked, tables: Tables) -> Picked:
    key = "-".join((TRIED, *map(str, begin)))
    model, kind, gpu, tp, pp = st.columns([3, 2, 3, 1.3, 1.3])
    with model:
        model_id = _one("Model tried", f"{key}-model", {r.model_id: r.name for r in tables.models}, begin.model_id)
    with kind:
        format_id = _one(
            "Format tried", f"{key}-format", {r.format_id: r.name for r in tables.formats}, begin.format_id
        )
    with gpu:
        gpu_id = _one("GPU tried", f"{key}-gpu", {r.gpu_id: r.name for r in tables.gpus}, begin.gpu_id)
    with tp:
        each = st.number_input("GPUs a stage", 1, 64, begin.tp, key=f"{key}-tp", help="Tensor parallel.")
    with pp:
        stages = st.number_input("Stages", 1, 16, begin.pp, key=f"{key}-pp", help="Pipeline parallel.")
    return Picked(model_id, format_id, gpu_id, int(each), int(stages))


def _one(label: str, key: str, names: dict[str, str], begin: str) -> str:
    offered = list(names)
    chosen: Any = st.selectbox(
        label, offered, index=offered.index(begin), format_func=names.__getitem__, key=key, filter_mode="contains"
    )
    return str(chosen)


def _setup(picked: Picked, request: CapacityRequest, tables: Tables) -> Setup:
    model = tables.model_by_id[picked.model_id]
    asked = request.max_model_len
    return Setup(
        model=model,
        number_format=tables.format_by_id[picked.format_id],
        gpu=tables.gpu_by_id[picked.gpu_id],
        tp=picked.tp,
        pp=picked.pp,
        engine=request.engine,
        kv_bits=kv_bits(request),
        utilisation_fraction=request.gpu_memory_utilisation_fraction,
        max_model_len=context_tokens(request, model.max_context_tokens) if asked is None else asked,
        max_num_seqs=request.max_num_seqs,
    )


def _show(setup: Setup, request: CapacityRequest, tables: Tables, in_service: float | None) -> None:
    tokens = request.input_tokens + request.output_tokens
    found = memory(setup, tokens, in_service)
    names = Names(tables)
    label = f"{names.model(setup.model.model_id)} {setup.number_format.name}, {setup.tp * setup.pp} x {setup.gpu.name}"
    row = MemoryRow(label, found.parts_gib, found.gpu_gib, found.usable_gib)
    draw(memory_bar_chart([row], theme=theme()), memory_bar_alt([row]), "capacity-memory-chart")
    _verdict(setup, found, tokens)
    if not found.fits:
        show_table(way_rows(ways_to_fit(setup, tokens, tables)))
    show_table(memory_rows(found, tokens))
    st.markdown(small(md(_how(setup, in_service))))


def _verdict(setup: Setup, found: Memory, tokens: float) -> None:
    if found.fits:
        many = f"{found.max_sequences:,.0f} whole requests of {tokens:,.0f} tokens"
        st.markdown(f"It fits: beside the weights there is KV cache for {many} at once in a replica.")
    else:
        st.warning(md(f"It does not fit. {found.why_not}"), icon="⚠️")
    if found.weight_fraction > 0.8:
        st.warning(
            f"Weights take {found.weight_fraction:.0%} of the memory: figures above 80% are of low confidence.",
            icon="⚠️",
        )


def _how(setup: Setup, in_service: float | None) -> str:
    used = "" if in_service is None else f" In use at the peak: {in_service:.1f} requests on average in each replica."
    return (
        f"Of one GPU; what is not the same on all of them counts at the fullest. Server context "
        f"{setup.context_tokens:,} tokens, cache at {setup.kv_bits} bits, {setup.utilisation_fraction:.0%} of memory "
        f"for the engine. Modelled after the engine's own rule, in blocks of 16 tokens.{used}"
    )
