"""Candidates and single deployments as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import numpy as np

from planner.capacity.lookup import Neighbour
from planner.capacity.queue import MS_PER_S
from planner.catalog.tables import Tables
from planner.cli.text import WIDTH, table_text, wrapped
from planner.decision.candidates.detail import Detail, Served
from planner.decision.present_capacity import Names, support
from planner.domain.capacity import Candidate, CapacityRequest, Found
from planner.format import count, plural, short, usd, usd_small

HEADS = ("", "Served by", "From", "Replicas", "GPUs", "TPOT", "Per month", "80% band", "Per 1M", "Trust")
KEY = "* on the front of price against TPOT; = its target holds at the low end of the band too."
CURVE_ROWS = 9


def found_text(found: Found, tables: Tables, most: int) -> str:
    """The question, the answer in a sentence, the candidates, and what was left out."""
    parts = [wrapped(_asked(found.request)), f"Prices of {found.on}", "", wrapped(_answer(found, tables))]
    parts += ["", *map(wrapped, _about(found, tables))]
    if found.candidates:
        shown = found.candidates[:most]
        parts += ["", table_text(HEADS, [_row(item, tables) for item in shown]), wrapped(KEY)]
        if len(shown) < found.meeting:
            parts.append(f"{count(len(shown))} of {count(found.meeting)} candidates are shown.")
    if found.unpriced:
        names = sorted({tables.gpu_by_id[item.gpu_id].name for item in found.unpriced})
        apart = f"{plural(found.unpriced_count, 'deployment')} would meet the target on GPUs without a price here"
        parts += ["", wrapped(f"{apart}, such as {', '.join(names)}.")]
    parts += ["", "Left out", "========", *(_refused(found))]
    return "\n".join([*parts, "", *map(wrapped, found.notes)])


def _about(found: Found, tables: Tables) -> tuple[str, ...]:
    """What goes with the sentence: trust and the surer ones, or what comes nearest; what was left out has its part."""
    if found.cheapest is not None:
        return support(found, Names(tables))
    return (found.best_reachable.sentence,) if found.best_reachable else ()


def _asked(request: CapacityRequest) -> str:
    slo = request.latency
    shape = f"{count(request.input_tokens)} tokens in, {count(request.output_tokens)} out"
    target = f"P{slo.slo_percentile:g} TPOT {slo.tpot_slo_ms:g} ms and TTFT {slo.ttft_slo_ms:g} ms"
    return f"{request.peak_requests_per_s:g} requests/s at the peak, {shape}, {target}, on {request.engine}."


def _answer(found: Found, tables: Tables) -> str:
    looked = f"{count(found.searched)} combinations of deployment and price were searched"
    best = found.cheapest
    if best is None:
        return f"Nothing meets it; {looked}."
    said = f"{_served_by(best, tables)} from {best.provider}: {plural(best.replicas, 'replica')}"
    spare = f", {best.spare_replicas} of them spare" if best.spare_replicas else ""
    month = f"{usd(best.usd_per_month)} a month{_band(best)}, {usd_small(best.usd_per_mtok)} per 1M tokens"
    return f"The cheapest of {count(found.meeting)} is {said}{spare}, {plural(best.gpus, 'GPU')}, {month}. {looked}."


def _band(item: Candidate) -> str:
    low, high = item.usd_per_month_low, item.usd_per_month_high
    if low == high:
        return ""
    top = usd(high) if high is not None else "out of reach"
    return f" ({usd(low)} to {top})" if low is not None else ""


def _served_by(item: Candidate, tables: Tables) -> str:
    model, kind, gpu = (
        tables.model_by_id[item.model_id],
        tables.format_by_id[item.format_id],
        tables.gpu_by_id[item.gpu_id],
    )
    stages = f", {item.pp} stages" if item.pp > 1 else ""
    return f"{model.name} in {kind.name} on {item.gpus_per_replica} x {gpu.name}{stages}"


def _row(item: Candidate, tables: Tables) -> tuple[str, ...]:
    high = "out of reach" if item.usd_per_month_high is None else usd(item.usd_per_month_high)
    low = "" if item.usd_per_month_low is None else usd(item.usd_per_month_low)
    return (
        f"{'*' if item.pareto else ' '}{'=' if item.within_band else ' '}",
        _served_by(item, tables),
        f"{item.provider}, {item.instance}" + (f", {item.term}" if item.term != "on_demand" else ""),
        f"{item.replicas}",
        f"{item.gpus}",
        f"{item.tpot_ms:.1f} ms",
        usd(item.usd_per_month),
        f"{low} to {high}",
        usd_small(item.usd_per_mtok),
        item.confidence,
    )


def _refused(found: Found) -> Iterator[str]:
    for item in found.refused:
        text = f"{item.code} {count(item.count)}: e.g. {item.example} {item.remedy}"
        yield textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    if not found.refused:
        yield "Nothing."


def detail_text(shown: Detail) -> str:
    """Memory, rate and curve, published runs, and the command."""
    parts = [_title(shown), "", _heading("Memory"), *_memory(shown)]
    if shown.served is not None:
        parts += ["", _heading("Modelled"), *_served(shown.served), "", _curve(shown.served)]
    parts += ["", _heading("Published runs nearest to it, not averaged with the model"), _published(shown.published)]
    parts += ["", _heading("Measured on your own server"), wrapped(OWN), "", _heading("Command"), shown.command.text]
    return "\n".join([*parts, *map(wrapped, shown.command.notes)])


OWN = "Nothing is calibrated here: a scenario keeps the points of your own probe, and they go before both of these."


def _title(shown: Detail) -> str:
    setup = shown.setup
    gpus = f"{setup.tp * setup.pp} x {setup.gpu.name} (tp {setup.tp}, pp {setup.pp})"
    return f"{setup.model.name} in {setup.number_format.name} on {gpus}, {setup.engine}"


def _heading(text: str) -> str:
    return f"{text}\n{'=' * len(text)}"


def _memory(shown: Detail) -> Iterator[str]:
    memory = shown.memory
    parts = (
        ("Layers", memory.layers_gib),
        ("Embeddings and output head", memory.embedding_gib),
        ("Activations at their peak", memory.activation_gib),
        ("CUDA graphs", memory.graph_gib),
        ("Engine and collectives", memory.runtime_gib),
        ("KV cache", memory.cache_gib),
        ("Uneven share of stages", memory.uneven_gib),
        ("Left free by the utilisation limit", memory.reserved_gib),
        ("All GPUs of a replica", memory.capacity_gib),
    )
    yield table_text((), [(name, f"{float(gib[0]):,.1f} GiB") for name, gib in parts if abs(float(gib[0])) >= 0.05])
    tokens, requests = count(float(memory.kv_cache_tokens[0])), plural(float(memory.max_sequences[0]), "request")
    longest = f"The longest request may have {count(shown.setup.context_tokens)} tokens."
    yield wrapped(f"{tokens} tokens of KV cache: {requests} of the mean length at once. {longest}")
    if shown.served is None:
        yield "It does not fit. It would with:" if shown.ways else "It does not fit, and no single change helps."
        yield from (f"  {way.sentence} ({count(way.kv_cache_tokens)} tokens of KV cache)" for way in shown.ways)


def _served(served: Served) -> Iterator[str]:
    if served.rate_per_s <= 0:
        yield wrapped("The target is out of reach: see the first row of the curve for one request alone.")
    else:
        at = served.operating
        band = f"80% band {served.low_per_s:.3g} to {served.high_per_s:.3g}"
        yield wrapped(
            f"One replica serves {served.rate_per_s:.3g} requests/s within the target ({band}), with "
            f"{float(at.mean_in_service):.3g} in service on average; TPOT {float(at.tpot_s) * MS_PER_S:.1f} ms, TTFT "
            f"{float(at.ttft_s) * MS_PER_S:,.0f} ms at the percentile."
        )
    yield wrapped(f"Confidence: {served.confidence}. {'; '.join(served.why)}".strip())


def _curve(served: Served) -> str:
    curve = served.curve
    rows = np.unique(np.linspace(0, len(curve.in_service) - 1, CURVE_ROWS).round().astype(int))
    cells = [
        (
            count(curve.in_service[i]),
            short(curve.output_tokens_per_s[i]),
            f"{short(curve.low_output_tokens_per_s[i])} to {short(curve.high_output_tokens_per_s[i])}",
            f"{curve.tpot_ms[i]:.1f}",
            f"{curve.ttft_ms[i]:,.0f}",
        )
        for i in rows.tolist()
    ]
    return table_text(("In service", "Output tokens/s", "80% band", "TPOT (ms)", "TTFT (ms, weak)"), cells)


def _published(rows: tuple[Neighbour, ...]) -> str:
    if not rows:
        return "None is known of this model's architecture."
    cells = [
        (
            f"{item.distance:.2f}",
            f"{item.row.model_name} {item.row.format_id} on {item.row.n_gpu} x {item.row.gpu_name}",
            f"{item.row.engine} {item.row.engine_version}".strip(),
            f"{count(item.row.input_tokens)} / {count(item.row.output_tokens)}",
            "saturated" if item.row.concurrency is None else count(item.row.concurrency),
            short(item.row.output_tokens_per_s),
            f"{item.row.source_id}, {item.row.as_of or 'undated'}",
        )
        for item in rows
    ]
    heads = ("Distance", "Run", "Engine", "Tokens in / out", "In flight", "Output tokens/s", "Source")
    warnings = [wrapped(text) for text in dict.fromkeys(text for item in rows for text in item.warnings)]
    return "\n".join([table_text(heads, cells), *warnings])
