"""Families with little or no cache per token: latent, compressed and linear attention, and state-space layers."""

from __future__ import annotations

from planner.catalog import hf_layers as layers
from planner.catalog.hf_blocks import Parts, deepseek_mlp, gqa, head_dim, norms
from planner.catalog.hf_fields import ConfigError, Fields
from planner.catalog.hf_layers import Part


def qwen35(f: Fields) -> Parts:
    """Qwen3-Next, Qwen3.5 and Qwen3.6: most layers keep a state, some a cache."""
    hidden, count = f.whole("hidden_size"), f.layers()
    kinds = f.each_layer("layer_types", count)
    if kinds is None:
        every = f.whole("full_attention_interval")
        kinds = ["linear_attention" if (index + 1) % every else "full_attention" for index in range(count)]
    for kind in kinds:
        if kind == "linear_attention":
            yield layers.delta_net(
                hidden,
                f.whole("linear_num_key_heads"),
                f.whole("linear_key_head_dim"),
                f.whole("linear_num_value_heads"),
                f.whole("linear_value_head_dim"),
                f.whole("linear_conv_kernel_dim"),
            )
        else:
            yield gqa(f, norm_params=2 * head_dim(f), gate=f.flag("attn_output_gate", True))
        yield _qwen35_mlp(f, hidden)
        yield norms(hidden)


def _qwen35_mlp(f: Fields, hidden: int) -> Part:
    if f.get("num_experts") is None:
        return layers.feed_forward(hidden, f.whole("intermediate_size"))
    return layers.experts(
        hidden,
        f.whole("moe_intermediate_size"),
        f.whole("num_experts"),
        f.whole("num_experts_per_tok"),
        shared_width=f.whole("shared_expert_intermediate_size"),
        more=hidden,
    )


def _mla(f: Fields) -> Part:
    rank = f.get("q_lora_rank")
    return layers.latent_attention(
        f.whole("hidden_size"),
        f.whole("num_attention_heads"),
        q_rank=None if rank is None else f.whole("q_lora_rank"),
        kv_rank=f.whole("kv_lora_rank"),
        nope_dim=f.whole("qk_nope_head_dim"),
        rope_dim=f.whole("qk_rope_head_dim"),
        value_dim=f.whole("v_head_dim"),
    )


def deepseek(f: Fields) -> Parts:
    """DeepSeek V3, R1 and V3.2, Kimi K2 and GLM-5: latent attention, with or without an index."""
    hidden, dense = f.whole("hidden_size"), f.whole_or(0, "first_k_dense_replace")
    indexed = f.get("index_n_heads") is not None
    kinds = f.each_layer("indexer_types", f.layers())
    for index in range(f.layers()):
        yield _mla(f)
        if indexed and (kinds is None or kinds[index] == "full"):
            heads, dim = f.whole("index_n_heads"), f.whole("index_head_dim")
            yield layers.sparse_indexer(hidden, f.whole("q_lora_rank"), heads, dim)
        yield deepseek_mlp(f, hidden, index < dense)
        yield norms(hidden)


def deepseek_v4(f: Fields) -> Parts:
    """DeepSeek V4: compressed entries of old tokens beside a window."""
    hidden, count, copies = f.whole("hidden_size"), f.layers(), f.whole("hc_mult")
    ratios = f.each_layer("compress_ratios", count)
    if ratios is None:
        raise ConfigError("the configuration lacks compress_ratios, which says what is kept of old tokens")
    width = f.whole("moe_intermediate_size")
    for ratio in ratios:
        if not isinstance(ratio, int) or ratio < 0:
            raise ConfigError("compress_ratios has an entry that is no whole number")
        yield from layers.compressed_attention(
            hidden,
            f.whole("num_attention_heads"),
            f.whole("head_dim"),
            q_rank=f.whole("q_lora_rank"),
            output_groups=f.whole("o_groups"),
            output_rank=f.whole("o_lora_rank"),
            ratio=ratio,
            window=f.whole("sliding_window"),
            index_heads=f.whole("index_n_heads"),
            index_dim=f.whole("index_head_dim"),
        )
        yield layers.experts(
            hidden,
            width,
            f.whole("n_routed_experts"),
            f.whole("num_experts_per_tok"),
            shared_width=width * f.whole("n_shared_experts"),
            router_bias=True,
            more=2 * (copies * hidden + 1) * copies * (copies + 2),
        )
        yield norms(hidden)


def nemotron_h(f: Fields) -> Parts:
    """Nemotron-H and Nemotron 3: Mamba-2 layers with some attention."""
    hidden, pattern = f.whole("hidden_size"), f.get("hybrid_override_pattern")
    if not isinstance(pattern, str) or set(pattern) - set("ME*-"):
        raise ConfigError("the configuration lacks hybrid_override_pattern, which says what each layer is")
    for kind in pattern[: f.layers()]:
        yield _nemotron_layer(f, hidden, kind)
        yield norms(hidden, 1)


def _nemotron_layer(f: Fields, hidden: int, kind: str) -> Part:
    if kind == "M":
        return layers.mamba2(
            hidden,
            f.whole("mamba_num_heads"),
            f.whole("mamba_head_dim"),
            f.whole("n_groups"),
            f.whole("ssm_state_size"),
            f.whole("conv_kernel"),
        )
    if kind == "*":
        return gqa(f)
    if kind == "-":
        return layers.feed_forward(hidden, f.whole("intermediate_size"), matrices=2)
    latent = f.get("moe_latent_size")
    return layers.experts(
        hidden,
        f.whole("moe_intermediate_size"),
        f.whole("n_routed_experts"),
        f.whole("num_experts_per_tok"),
        shared_width=f.whole("moe_shared_expert_intermediate_size") * f.whole("n_shared_experts"),
        matrices=2,
        router_bias=True,
        latent=None if latent is None else f.whole("moe_latent_size"),
    )
