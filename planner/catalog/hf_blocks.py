"""Parts that several families of models share, from the usual names of their fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.catalog import hf_layers as layers
from planner.catalog.hf_fields import ConfigError, Fields
from planner.catalog.hf_layers import Part

Parts = Iterator[Part]


def norms(hidden: int, count: int = 2) -> Part:
    """Scales of so many normalisations."""
    return Part(count * hidden, count * hidden)


def head_dim(f: Fields) -> int:
    """Width of a head: given, or the hidden size shared by the heads."""
    if f.get("head_dim") is not None:
        return f.whole("head_dim")
    return share(f.whole("hidden_size"), f.whole("num_attention_heads"), "hidden_size", "num_attention_heads")


def share(amount: int, among: int, name: str, names: str) -> int:
    """What each gets of an amount that must be shared without remainder."""
    if amount % among:
        raise ConfigError(f"{name} {amount:,} cannot be shared by {names} {among:,}")
    return amount // among


def gqa(f: Fields, **more: Any) -> Part:
    """Grouped-query attention by the usual names."""
    heads = f.whole("num_attention_heads")
    kv_heads = heads if f.get("num_key_value_heads") is None else f.whole("num_key_value_heads")
    share(heads, kv_heads, "num_attention_heads", "num_key_value_heads")
    return layers.grouped_attention(f.whole("hidden_size"), heads, kv_heads, head_dim(f), **more)


def deepseek_mlp(f: Fields, hidden: int, dense: bool) -> Part:
    """A dense MLP, or routed experts beside shared ones, by the names of DeepSeek V3."""
    if dense:
        return layers.feed_forward(hidden, f.whole("intermediate_size"))
    width = f.whole("moe_intermediate_size")
    return layers.experts(
        hidden,
        width,
        f.whole("n_routed_experts"),
        f.whole("num_experts_per_tok"),
        shared_width=width * f.whole_or(0, "n_shared_experts"),
        router_bias=f.get("topk_method") == "noaux_tc" or f.get("scoring_func") == "sigmoid",
    )
