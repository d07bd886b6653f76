"""Parameters and cache of the parts that language models are made of, counted from their shapes.

Every function counts one part of one layer: weights, biases and the scales of its own normalisations.
"""

from __future__ import annotations

from typing import NamedTuple

ELEMENT_BYTES = 2
"""Bytes of one 16-bit cache element."""
STATE_ELEMENT_BYTES = 4
"""Bytes of one element of a recurrent state, kept in 32 bits."""


class Part(NamedTuple):
    """One part of a layer: parameters, those that one token uses, and what a sequence keeps of it.

    `kv_elements` are kept for each token: of all tokens, or of the last `window` when there is one. `state_bytes` are
    kept once for a sequence, however long.
    """

    params: int
    active_params: int
    kv_elements: float = 0.0
    window: int | None = None
    state_bytes: int = 0


def _always(params: int, kv_elements: float = 0.0, window: int | None = None, state_bytes: int = 0) -> Part:
    return Part(params, params, kv_elements, window, state_bytes)


def grouped_attention(
    hidden: int,
    heads: int,
    kv_heads: int,
    head_dim: int,
    *,
    value_dim: int | None = None,
    qkv_bias: bool = False,
    output_bias: bool = False,
    norm_params: int = 0,
    gate: bool = False,
    sinks: bool = False,
    shared_key_value: bool = False,
    window: int | None = None,
) -> Part:
    """MHA, GQA or MQA: q, k, v and o; `gate` doubles q; with `shared_key_value` the values are the keys' matrix."""
    values = head_dim if value_dim is None else value_dim
    outputs = heads * head_dim * (2 if gate else 1) + kv_heads * (head_dim + (0 if shared_key_value else values))
    params = hidden * outputs + heads * values * hidden + norm_params
    params += (outputs if qkv_bias else 0) + (hidden if output_bias else 0) + (heads if sinks else 0)
    return _always(params, kv_heads * (head_dim + values), window)


def latent_attention(
    hidden: int, heads: int, *, q_rank: int | None, kv_rank: int, nope_dim: int, rope_dim: int, value_dim: int
) -> Part:
    """MLA: keys and values come from one latent of `kv_rank` per token, cached with `rope_dim` shared key elements."""
    q_outputs = heads * (nope_dim + rope_dim)
    q = hidden * q_outputs if q_rank is None else hidden * q_rank + q_rank + q_rank * q_outputs
    kv = hidden * (kv_rank + rope_dim) + kv_rank + kv_rank * heads * (nope_dim + value_dim)
    return _always(q + kv + heads * value_dim * hidden, kv_rank + rope_dim)


def sparse_indexer(hidden: int, q_rank: int, heads: int, head_dim: int) -> Part:
    """The index that DeepSeek sparse attention chooses tokens by; its keys are cached for every token."""
    return _always(q_rank * heads * head_dim + hidden * head_dim + 2 * head_dim + hidden * heads, head_dim)


def compressed_attention(
    hidden: int,
    heads: int,
    head_dim: int,
    *,
    q_rank: int,
    output_groups: int,
    output_rank: int,
    ratio: int,
    window: int,
    index_heads: int,
    index_dim: int,
    index_ratio: int = 4,
) -> tuple[Part, ...]:
    """Attention of DeepSeek V4: one key/value head, the last tokens whole, older ones one entry per `ratio` tokens.

    Ratio 0 keeps the window alone. Layers of the finest ratio choose entries by an index with keys of its own.
    """
    q = hidden * q_rank + q_rank + q_rank * heads * head_dim
    kv = hidden * head_dim + head_dim
    out = heads * head_dim * output_rank + output_groups * output_rank * hidden
    parts = [_always(q + kv + out + heads, head_dim, window)]
    if ratio:
        wide = 2 if ratio == index_ratio else 1
        compressor = 2 * hidden * wide * head_dim + ratio * wide * head_dim + head_dim
        parts.append(_always(compressor, head_dim / ratio))
    if ratio == index_ratio:
        own = q_rank * index_heads * index_dim + hidden * index_heads
        keys = 2 * hidden * wide * index_dim + ratio * wide * index_dim + index_dim
        parts.append(_always(own + keys, index_dim / ratio))
    return tuple(parts)


def delta_net(hidden: int, key_heads: int, key_dim: int, value_heads: int, value_dim: int, kernel: int) -> Part:
    """Gated linear attention of Qwen3-Next and Qwen3.5: a state per sequence and no cache per token."""
    keys, values = key_heads * key_dim, value_heads * value_dim
    inputs = hidden * (2 * keys + 2 * values + 2 * value_heads)
    convolved = 2 * keys + values
    params = inputs + convolved * kernel + 2 * value_heads + value_dim + values * hidden
    state = value_heads * key_dim * value_dim * STATE_ELEMENT_BYTES + convolved * (kernel - 1) * ELEMENT_BYTES
    return _always(params, state_bytes=state)


def mamba2(hidden: int, heads: int, head_dim: int, groups: int, state_size: int, kernel: int) -> Part:
    """A Mamba-2 mixer: a state per sequence and no cache per token."""
    inner = heads * head_dim
    convolved = inner + 2 * groups * state_size
    params = hidden * (inner + convolved + heads) + convolved * (kernel + 1) + 3 * heads + inner + inner * hidden
    state = inner * state_size * STATE_ELEMENT_BYTES + convolved * (kernel - 1) * ELEMENT_BYTES
    return _always(params, state_bytes=state)


def feed_forward(hidden: int, width: int, *, matrices: int = 3, bias: bool = False) -> Part:
    """A dense MLP; gated ones have three matrices, plain ones two."""
    biases = (matrices - 1) * width + hidden if bias else 0
    return _always(matrices * hidden * width + biases)


def experts(
    hidden: int,
    width: int,
    count: int,
    used: int,
    *,
    shared_width: int = 0,
    matrices: int = 3,
    bias: bool = False,
    router_bias: bool = False,
    latent: int | None = None,
    more: int = 0,
) -> Part:
    """Routed experts, `used` of them per token, beside shared ones of `shared_width` in all.

    `latent` is the width that routed experts read and write when it is not that of the model; `more` counts anything
    else that every token uses.
    """
    inner = hidden if latent is None else latent
    one = matrices * inner * width + ((matrices - 1) * width + inner if bias else 0)
    always = hidden * count + (count if router_bias else 0) + matrices * hidden * shared_width + more
    always += 0 if latent is None else 2 * hidden * latent
    return Part(count * one + always, used * one + always)
