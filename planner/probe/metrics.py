"""What a server's `/metrics` says: counters of a run, and facts about its cache. Every one of them is optional.

Names: vLLM (current and older), SGLang, Text Generation Inference and llama.cpp, as their documentation lists them. A
colon and an underscore in a name are the same here, and so are a counter's name with and without `_total`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from planner.capacity.measurement.outcome import Counters


class Sample(NamedTuple):
    """One line of `/metrics`; the name with underscores and without `_total`."""

    name: str
    labels: dict[str, str]
    value: float


class _Name(NamedTuple):
    name: str
    label: tuple[str, str] | None = None
    old: bool = False


_ENGINES = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llama.cpp", "tgi": "tgi"}
_NAMES: dict[str, tuple[_Name, ...]] = {
    "prompt_tokens": (
        _Name("vllm_prompt_tokens"),
        _Name("sglang_prompt_tokens"),
        _Name("llamacpp_prompt_tokens"),
        _Name("tgi_request_input_length_sum"),
    ),
    "generation_tokens": (
        _Name("vllm_generation_tokens"),
        _Name("sglang_generation_tokens"),
        _Name("llamacpp_tokens_predicted"),
        _Name("tgi_request_generated_tokens_sum"),
    ),
    "cache_query_tokens": (
        _Name("vllm_prefix_cache_queries"),
        _Name("vllm_gpu_prefix_cache_queries", old=True),
    ),
    "cache_hit_tokens": (
        _Name("vllm_prefix_cache_hits"),
        _Name("vllm_prompt_tokens_by_source", ("source", "local_cache_hit")),
        _Name("vllm_gpu_prefix_cache_hits", old=True),
        _Name("sglang_cached_tokens"),
    ),
    "preemptions": (_Name("vllm_num_preemptions"),),
    "rejections": (_Name("vllm_admission_rejections"),),
    "requests_finished": (
        _Name("vllm_request_success"),
        _Name("sglang_num_requests"),
        _Name("tgi_request_success"),
    ),
    "running": (
        _Name("vllm_num_requests_running"),
        _Name("sglang_num_running_reqs"),
        _Name("llamacpp_requests_processing"),
        _Name("tgi_batch_current_size"),
    ),
    "waiting": (
        _Name("vllm_num_requests_waiting"),
        _Name("sglang_num_queue_reqs"),
        _Name("llamacpp_requests_deferred"),
        _Name("tgi_queue_size"),
    ),
    "kv_usage_fraction": (
        _Name("vllm_kv_cache_usage_perc"),
        _Name("vllm_gpu_cache_usage_perc", old=True),
        _Name("sglang_token_usage"),
        _Name("llamacpp_kv_cache_usage_ratio"),
    ),
}
_WANTED = frozenset(name.name for names in _NAMES.values() for name in names)
_CACHE_INFO = "vllm_cache_config_info"
_FULL = ("prompt_tokens", "generation_tokens", "cache_hit_tokens", "running", "waiting")
"""What the guards need; with fewer, the metrics are called partial."""


def samples(text: str, wanted: Callable[[str], bool] = lambda name: True) -> Iterator[Sample]:
    """Lines of `/metrics` whose plain name is `wanted`; a line that cannot be read is left out."""
    for line in text.splitlines():
        if not line or line[0] == "#" or not wanted(_plain(line.split("{", 1)[0].split(" ", 1)[0])):
            continue
        try:
            for family in text_string_to_metric_families(line + "\n"):
                yield from (Sample(_plain(s.name), dict(s.labels), float(s.value)) for s in family.samples)
        except (ValueError, IndexError, KeyError):
            continue


def _plain(name: str) -> str:
    return name.replace(":", "_").removesuffix("_total")


def counters(text: str) -> Counters:
    """Counters and gauges that the guards use, added up over the engines and labels of the server.

    The use of the KV cache is the largest of the engines'.
    """
    found: dict[str, list[Sample]] = {}
    for sample in samples(text, _WANTED.__contains__):
        found.setdefault(sample.name, []).append(sample)
    values: dict[str, float] = {}
    old = False
    for field, names in _NAMES.items():
        for name in names:
            chosen = _chosen(found.get(name.name, ()), name.label)
            if chosen:
                values[field] = max(chosen) if field == "kv_usage_fraction" else sum(chosen)
                old = old or name.old
                break
    return Counters(old_names=old, **values)


def _chosen(found: Iterable[Sample], label: tuple[str, str] | None) -> list[float]:
    return [s.value for s in found if math.isfinite(s.value) and (label is None or s.labels.get(label[0]) == label[1])]


def how_full(read: Counters) -> Literal["full", "partial", "none"]:
    """`full`, `partial` or `none`: how many of the counters that the guards need are there."""
    there = [getattr(read, name) is not None for name in _FULL]
    if all(there):
        return "full"
    return "partial" if any(there) else "none"


MOST_CACHE_TOKENS = 10**11
"""More is no cache; several engines are added up."""


class CacheFacts(NamedTuple):
    """What vLLM says of its KV cache; None = not said."""

    kv_cache_tokens: int | None = None
    prefix_caching: bool | None = None


def cache_facts(text: str) -> CacheFacts:
    """Tokens that the KV cache holds over all engines, and whether prefixes are reused."""
    infos = [s.labels for s in samples(text, _CACHE_INFO.__eq__)]
    sizes = [size for labels in infos if (size := _cache_tokens(labels)) is not None]
    caching = {labels.get("enable_prefix_caching", "").lower() for labels in infos} & {"true", "false"}
    return CacheFacts(sum(sizes) if sizes else None, (caching == {"true"}) if len(caching) == 1 else None)


def _cache_tokens(labels: dict[str, str]) -> int | None:
    told = {name: _whole(labels.get(name, "")) for name in ("kv_cache_size_tokens", "num_gpu_blocks", "block_size")}
    size, blocks, block = told.values()
    if size is None and blocks is not None and block is not None:
        size = blocks * block
    return size if size is not None and size <= MOST_CACHE_TOKENS else None


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 15 else None


def engine_of(text: str) -> str:
    """Engine whose names the metrics carry; empty when none is known."""
    for line in text.splitlines():
        head = line.replace(":", "_").split("_", 1)[0]
        if head in _ENGINES:
            return _ENGINES[head]
    return ""
