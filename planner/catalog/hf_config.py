"""A Hugging Face `config.json` as facts: parameters counted again, cache per token, context, what the model reads.

Pure: it takes the parsed configuration. `read_config` takes the bytes of a file or an answer and says what is wrong
with them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from planner.catalog.hf_families import FAMILIES
from planner.catalog.hf_fields import ConfigError, Fields, yes_or_no
from planner.catalog.hf_layers import ELEMENT_BYTES, Part
from planner.catalog.hf_vision import vision_params

__all__ = ["MAX_BYTES", "TOLERANCE", "ConfigError", "ConfigFacts", "check_total", "config_facts", "read_config"]

MAX_BYTES = 1_000_000
"""A configuration is a few kilobytes."""
TOLERANCE = 0.02
"""How far the counted parameters may be from the stated ones."""


class ConfigFacts(NamedTuple):
    """What the capacity formulas need of a model, from its configuration alone."""

    model_type: str
    total_params: int
    active_params: int
    layers: int
    hidden_size: int
    attention_heads: int
    kv_heads: int
    head_dim: int
    vocab_size: int
    tied_embeddings: bool
    attention: str
    experts: int | None
    experts_per_token: int | None
    max_context_tokens: int
    kv_bytes_per_token_16bit: int
    window_kv_bytes_per_token_16bit: int
    window_tokens: int | None
    state_bytes_per_sequence: int
    modality: str
    fields_read: frozenset[str]


def read_config(data: bytes) -> dict[str, Any]:
    """The configuration in a file or an answer; raises ConfigError for anything else, with the way out."""
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{len(data):,} bytes is no config.json: one has a few kilobytes (at most {MAX_BYTES:,})")
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff").strip()
    if text[:1] == "<":
        raise ConfigError("this is a web page, not a config.json: use the address with /resolve/main/config.json")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError("this is not JSON; give the config.json of the model's repository") from error
    if not isinstance(found, dict):
        raise ConfigError("this JSON is not a configuration: it has no named fields")
    if "error" in found and "model_type" not in found:
        raise ConfigError(f"the answer is an error message: {str(found['error'])[:120]!r}")
    return found


def config_facts(config: Mapping[str, Any]) -> ConfigFacts:
    """Every fact that follows from a configuration; raises ConfigError with what is missing or not known."""
    whole = Fields(config)
    text = whole.inner("text_config") or whole
    model_type = text.get("model_type") or whole.get("model_type")
    if not isinstance(model_type, str):
        raise ConfigError("the configuration lacks model_type")
    family = FAMILIES.get(model_type)
    if family is None:
        raise ConfigError(
            f"model_type {model_type[:40]!r} is not one that can be counted here; those that can: "
            f"{', '.join(sorted(FAMILIES))}"
        )
    parts = tuple(family(text))
    hidden, vocab = text.whole("hidden_size"), text.whole("vocab_size")
    tied = _tied(whole, text)
    outside = vocab * hidden * (1 if tied else 2) + hidden
    encoder = vision_params(whole.inner("vision_config"))
    windows = {part.window for part in parts if part.window is not None}
    return ConfigFacts(
        model_type=model_type,
        total_params=sum(part.params for part in parts) + outside + encoder,
        active_params=sum(part.active_params for part in parts) + outside,
        layers=text.layers(),
        hidden_size=hidden,
        attention_heads=text.whole("num_attention_heads"),
        kv_heads=text.whole_or(text.whole("num_attention_heads"), "num_key_value_heads"),
        head_dim=_value_dim(text),
        vocab_size=vocab,
        tied_embeddings=tied,
        attention=_attention(text, parts),
        experts=_optional(text, "num_local_experts", "num_experts", "n_routed_experts"),
        experts_per_token=_optional(text, "num_experts_per_tok", "top_k_experts"),
        max_context_tokens=text.whole("max_position_embeddings"),
        kv_bytes_per_token_16bit=_kv_bytes(parts, windowed=False),
        window_kv_bytes_per_token_16bit=_kv_bytes(parts, windowed=True),
        window_tokens=max(windows, default=None),
        state_bytes_per_sequence=sum(part.state_bytes for part in parts),
        modality=_modality(whole),
        fields_read=frozenset(whole.read),
    )


def _optional(f: Fields, *names: str) -> int | None:
    return f.whole_or(0, *names) or None


def _tied(whole: Fields, text: Fields) -> bool:
    """Absent means tied in the text part of multimodal Gemma, and apart elsewhere."""
    given = text.get("tie_word_embeddings")
    given = whole.get("tie_word_embeddings") if given is None else given
    gemma = str(text.get("model_type")).startswith("gemma")
    return gemma if given is None else yes_or_no(given, "tie_word_embeddings")


def _value_dim(text: Fields) -> int:
    if text.get("v_head_dim", "head_dim") is not None:
        return text.whole("v_head_dim", "head_dim")
    return text.whole("hidden_size") // text.whole("num_attention_heads")


def _kv_bytes(parts: tuple[Part, ...], windowed: bool) -> int:
    """Bytes of 16-bit cache per token, of the layers that keep all tokens or of those with a window."""
    return math.ceil(sum(p.kv_elements for p in parts if (p.window is not None) == windowed) * ELEMENT_BYTES)


def _attention(text: Fields, parts: tuple[Part, ...]) -> str:
    """In words: MHA, GQA or MLA, with windows, states and indices."""
    heads = text.whole("num_attention_heads")
    plain = "MHA" if text.whole_or(heads, "num_key_value_heads") == heads else "GQA"
    words = [
        "MLA" if text.get("kv_lora_rank") else "compressed KV" if text.get("compress_ratios") else plain,
        *(["sparse index"] if text.get("index_n_heads") else []),
    ]
    cached = [part for part in parts if part.kv_elements]
    local = [part for part in cached if part.window is not None]
    if local:
        words.append(f"window {max(p.window or 0 for p in local)} on {len(local)} of {len(cached)} caches")
    states = [part for part in parts if part.state_bytes]
    if states:
        words.append(f"linear state in {len(states)} layers")
    return "; ".join(words)


def _modality(whole: Fields) -> str:
    """What it reads, by the encoders it has."""
    if whole.inner("audio_config"):
        return "text+image+audio" if whole.inner("vision_config") else "text+audio"
    return "text+image" if whole.inner("vision_config") else "text"


def check_total(facts: ConfigFacts, stated_params: float) -> None:
    """Refuse a configuration whose counted parameters are not those that are stated, to 2 %."""
    if not 0 < stated_params < math.inf:
        raise ConfigError("state the model's total parameters, as its page gives them, e.g. 70.6e9")
    off = facts.total_params / stated_params - 1
    if abs(off) > TOLERANCE:
        raise ConfigError(
            f"the configuration gives {facts.total_params / 1e9:,.2f} billion parameters and you stated "
            f"{stated_params / 1e9:,.2f} billion, {abs(off):.2%} apart: at most {TOLERANCE:.0%} is accepted. "
            "Check both figures; the total is on the model's page"
        )
