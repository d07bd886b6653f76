"""/metrics as vLLM writes it, under today's names or those of older versions."""

from __future__ import annotations

from collections.abc import Iterator

from tests.probe.fault_server.engine import Engine

LABELS = 'engine="0",model_name="{model}"'


def exposition(engine: Engine) -> str:
    old = engine.faults.metrics == "old"
    return "\n".join(_lines(engine, LABELS.format(model=engine.faults.model), old)) + "\n"


def _lines(engine: Engine, labels: str, old: bool) -> Iterator[str]:
    totals, slots = engine.totals, engine.faults.slots
    yield from _family("process_cpu_seconds_total", "counter", "", 6.11)
    yield from _family("vllm:num_requests_running", "gauge", labels, engine.running)
    yield from _family("vllm:num_requests_waiting", "gauge", labels, engine.waiting)
    usage = "vllm:gpu_cache_usage_perc" if old else "vllm:kv_cache_usage_perc"
    yield from _family(usage, "gauge", labels, engine.running / slots)
    yield from _family("vllm:prompt_tokens_total", "counter", labels, totals["prompt_tokens"])
    yield from _family("vllm:generation_tokens_total", "counter", labels, totals["generation_tokens"])
    yield from _family("vllm:num_preemptions_total", "counter", labels, totals["preemptions"])
    queries, hits = totals["cache_queries"], totals["cache_hits"]
    if old:
        yield from _family("vllm:gpu_prefix_cache_queries_total", "counter", labels, queries)
        yield from _family("vllm:gpu_prefix_cache_hits_total", "counter", labels, hits)
    else:
        yield from _family("vllm:prefix_cache_queries_total", "counter", labels, queries)
        yield from _family("vllm:prefix_cache_hits_total", "counter", labels, hits)
        yield from _by(
            "vllm:prompt_tokens_by_source_total",
            labels,
            "source",
            {"local_compute": queries - hits, "local_cache_hit": hits, "external_kv_transfer": 0},
        )
        yield from _by("vllm:admission_rejections_total", labels, "reason", {"queue": totals["rejections"]})
    reasons = ("stop", "length", "abort", "error")
    yield from _by("vllm:request_success_total", labels, "finished_reason", {r: engine.finished[r] for r in reasons})
    told = f'{labels},kv_cache_size_tokens="{slots * 4096}",enable_prefix_caching="True",block_size="16"'
    yield from _family("vllm:cache_config_info", "gauge", told, 1)


def _family(name: str, kind: str, labels: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} As vLLM has it."
    yield f"# TYPE {name} {kind}"
    yield f"{name}{{{labels}}} {float(value)}"
    if kind == "counter":
        created = name.removesuffix("_total") + "_created"
        yield f"# TYPE {created} gauge"
        yield f"{created}{{{labels}}} 1.79e+09"


def _by(name: str, labels: str, label: str, values: dict[str, int]) -> Iterator[str]:
    yield f"# TYPE {name} counter"
    for key, value in values.items():
        yield f'{name}{{{labels},{label}="{key}"}} {float(value)}'
