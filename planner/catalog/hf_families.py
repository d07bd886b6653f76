"""What each family of models is made of: from the fields of its Hugging Face configuration to its parts.

A family is recognised by `model_type`. One that is not listed here is refused: shapes alone do not say what is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.catalog import hf_layers as layers
from planner.catalog.hf_blocks import Parts, deepseek_mlp, gqa, head_dim, norms
from planner.catalog.hf_fields import ConfigError, Fields
from planner.catalog.hf_layers import Part
from planner.catalog.hf_sparse import deepseek, deepseek_v4, nemotron_h, qwen35


def _windowed(f: Fields, kinds: list[Any] | None, index: int) -> int | None:
    return f.whole("sliding_window") if kinds and kinds[index] == "sliding_attention" else None


def _dense(f: Fields, **attention: Any) -> Parts:
    hidden, bias = f.whole("hidden_size"), f.flag("attention_bias")
    mlp = layers.feed_forward(hidden, f.whole("intermediate_size"), bias=f.flag("mlp_bias"))
    for _ in range(f.layers()):
        yield gqa(f, **{"qkv_bias": bias, "output_bias": bias, **attention})
        yield mlp
        yield norms(hidden)


def _llama(f: Fields) -> Parts:
    return _dense(f)


def _mistral(f: Fields) -> Parts:
    if f.get("sliding_window") is not None:
        raise ConfigError("sliding_window is set; of this family only models without a window can be counted")
    return _dense(f)


def _no_window(f: Fields) -> None:
    """Qwen configurations state a window that is used only where a flag says so."""
    if f.flag("use_sliding_window"):
        raise ConfigError("use_sliding_window is true; of this family only models without a window can be counted")


def _qwen2(f: Fields) -> Parts:
    _no_window(f)
    return _dense(f, qkv_bias=True, output_bias=False)


def _qwen3(f: Fields) -> Parts:
    _no_window(f)
    return _dense(f, norm_params=2 * head_dim(f))


def _mixtral(f: Fields) -> Parts:
    hidden = f.whole("hidden_size")
    used, count = f.whole("num_experts_per_tok"), f.whole("num_local_experts")
    for _ in range(f.layers()):
        yield gqa(f)
        yield layers.experts(hidden, f.whole("intermediate_size"), count, used)
        yield norms(hidden)


def _qwen3_moe(f: Fields) -> Parts:
    hidden = f.whole("hidden_size")
    used, count = f.whole("num_experts_per_tok"), f.whole("num_experts")
    for _ in range(f.layers()):
        yield gqa(f, norm_params=2 * head_dim(f))
        yield layers.experts(hidden, f.whole("moe_intermediate_size"), count, used)
        yield norms(hidden)


def _minimax_m2(f: Fields) -> Parts:
    hidden, heads, kv, dim = (
        f.whole("hidden_size"),
        f.whole("num_attention_heads"),
        f.whole("num_key_value_heads"),
        head_dim(f),
    )
    used, count = f.whole("num_experts_per_tok"), f.whole("num_local_experts")
    for _ in range(f.layers()):
        yield gqa(f, norm_params=(heads + kv) * dim)
        yield layers.experts(hidden, f.whole("intermediate_size"), count, used, router_bias=True)
        yield norms(hidden)


def _gpt_oss(f: Fields) -> Parts:
    hidden, count = f.whole("hidden_size"), f.layers()
    kinds = f.each_layer("layer_types", count)
    if kinds is None:
        raise ConfigError("the configuration lacks layer_types, which says where its windows are")
    for index in range(count):
        yield gqa(f, qkv_bias=True, output_bias=True, sinks=True, window=_windowed(f, kinds, index))
        yield layers.experts(
            hidden,
            f.whole("intermediate_size"),
            f.whole("num_local_experts"),
            f.whole("num_experts_per_tok"),
            bias=True,
            router_bias=True,
        )
        yield norms(hidden)


def _llama4(f: Fields) -> Parts:
    hidden, width, count = f.whole("hidden_size"), f.whole("intermediate_size"), f.layers()
    step, whole_every = f.whole("interleave_moe_layer_step"), f.whole_or(4, "no_rope_layer_interval")
    routed = layers.experts(
        hidden, width, f.whole("num_local_experts"), f.whole("num_experts_per_tok"), shared_width=width
    )
    dense = layers.feed_forward(hidden, f.whole("intermediate_size_mlp"))
    for index in range(count):
        chunk = None if (index + 1) % whole_every == 0 else f.whole("attention_chunk_size")
        yield gqa(f, window=chunk)
        yield routed if (index + 1) % step == 0 else dense
        yield norms(hidden)


def _gemma3(f: Fields) -> Parts:
    hidden, count = f.whole("hidden_size"), f.layers()
    kinds = f.each_layer("layer_types", count)
    every = 0 if kinds else f.whole("sliding_window_pattern")
    for index in range(count):
        window = _windowed(f, kinds, index) if kinds else (f.whole("sliding_window") if (index + 1) % every else None)
        yield gqa(f, norm_params=2 * head_dim(f), window=window)
        yield layers.feed_forward(hidden, f.whole("intermediate_size"))
        yield norms(hidden, 4)


def _gemma4(f: Fields) -> Parts:
    hidden, count, heads = f.whole("hidden_size"), f.layers(), f.whole("num_attention_heads")
    kinds = f.each_layer("layer_types", count)
    if kinds is None or f.whole_or(0, "hidden_size_per_layer_input") or f.whole_or(0, "num_kv_shared_layers"):
        raise ConfigError("Gemma 4 models with per-layer inputs or shared caches are not supported")
    routed = f.flag("enable_moe_block")
    for kind in kinds:
        if kind == "sliding_attention":
            yield gqa(f, norm_params=2 * head_dim(f), window=f.whole("sliding_window"))
        else:
            dim = f.whole("global_head_dim")
            yield layers.grouped_attention(
                hidden,
                heads,
                f.whole("num_global_key_value_heads"),
                dim,
                norm_params=2 * dim,
                shared_key_value=f.flag("attention_k_eq_v"),
            )
        yield layers.feed_forward(hidden, f.whole("intermediate_size"))
        if routed:
            number = f.whole("num_experts")
            yield layers.experts(
                hidden, f.whole("moe_intermediate_size"), number, f.whole("top_k_experts"), more=number + hidden
            )
        yield norms(hidden, 7 if routed else 4)
        yield Part(1, 1)


def _glm4_moe(f: Fields) -> Parts:
    hidden, dense, bias = f.whole("hidden_size"), f.whole("first_k_dense_replace"), f.flag("attention_bias")
    qk = 2 * head_dim(f) if f.flag("use_qk_norm") else 0
    for index in range(f.layers()):
        yield gqa(f, qkv_bias=bias, norm_params=qk)
        yield deepseek_mlp(f, hidden, index < dense)
        yield norms(hidden)


FAMILIES: dict[str, Callable[[Fields], Parts]] = {
    "llama": _llama,
    "mistral": _mistral,
    "ministral3": _mistral,
    "phi3": _mistral,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "qwen3_vl_text": _qwen3,
    "mixtral": _mixtral,
    "qwen3_moe": _qwen3_moe,
    "qwen3_vl_moe_text": _qwen3_moe,
    "minimax_m2": _minimax_m2,
    "gpt_oss": _gpt_oss,
    "llama4_text": _llama4,
    "gemma3_text": _gemma3,
    "gemma4_text": _gemma4,
    "qwen3_next": qwen35,
    "qwen3_5_text": qwen35,
    "qwen3_5_moe_text": qwen35,
    "deepseek_v3": deepseek,
    "deepseek_v32": deepseek,
    "kimi_k2": deepseek,
    "glm_moe_dsa": deepseek,
    "glm4_moe": _glm4_moe,
    "deepseek_v4": deepseek_v4,
    "nemotron_h": nemotron_h,
}
"""`model_type` of the text part -> its parts, embeddings and the last normalisation left out."""
