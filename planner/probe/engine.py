"""Which engine answers, its version and its context length, each from the page that the engine has for it."""

from __future__ import annotations

from typing import Any, NamedTuple

from planner.probe.asking import Asking


class EngineFacts(NamedTuple):
    """What an engine says of itself; empty or None where it does not."""

    engine: str = ""
    version: str = ""
    max_model_len: int | None = None


_OWNERS = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llama.cpp", "library": "ollama"}


def engine_facts(asking: Asking, listed: dict[str, Any], by_metrics: str) -> EngineFacts:
    """Engine by the names of its metrics, else by who owns the model in its list; then its own pages."""
    engine = by_metrics or _OWNERS.get(str(listed.get("owned_by", "")).lower(), "")
    length = _count(listed.get("max_model_len")) or _count(listed.get("context_length"))
    found = {"vllm": _vllm, "sglang": _sglang, "llama.cpp": _llama_cpp, "ollama": _ollama, "tgi": _tgi}.get(
        engine, _unknown
    )(asking)
    return EngineFacts(found.engine or engine, found.version, length or found.max_model_len)


def _vllm(asking: Asking) -> EngineFacts:
    return EngineFacts("vllm", _text((asking.json("/version") or {}).get("version")))


def _sglang(asking: Asking) -> EngineFacts:
    said = asking.json("/get_server_info") or asking.json("/server_info") or {}
    return EngineFacts("sglang", _text(said.get("version")), _count(said.get("context_length")))


def _llama_cpp(asking: Asking) -> EngineFacts:
    said = asking.json("/props") or {}
    settings = said.get("default_generation_settings")
    length = settings.get("n_ctx") if isinstance(settings, dict) else None
    return EngineFacts("llama.cpp", _text(said.get("build_info")), _count(length))


def _ollama(asking: Asking) -> EngineFacts:
    said = asking.json("/api/version")
    return EngineFacts("ollama", _text(said.get("version"))) if said else EngineFacts()


def _tgi(asking: Asking) -> EngineFacts:
    said = asking.json("/info") or {}
    if not isinstance(said.get("max_total_tokens"), int):
        return EngineFacts()
    return EngineFacts("tgi", _text(said.get("version")), _count(said.get("max_total_tokens")))


def _unknown(asking: Asking) -> EngineFacts:
    """An engine that neither metrics nor its list of models name."""
    for page in (_ollama, _tgi):
        found = page(asking)
        if found.engine:
            return found
    return EngineFacts()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 10**9 else None
