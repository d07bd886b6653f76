"""Writes a small Llama with random weights and a byte-level BPE tokenizer; runs in the engine's own environment.

`python tiny_model.py FOLDER SIZE`: nothing is fetched and nothing is learnt. The tokens are bytes, then every two and
three letters, so that any text and any token id below the vocabulary is a valid prompt.
"""

from __future__ import annotations

import itertools
import json
import string
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

SPECIAL = ("<s>", "</s>", "<pad>")
CHAT = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "
SPREAD = 0.02
"""Standard deviation of the weights, as models begin their training with."""


class Size(NamedTuple):
    """Dimensions of a Llama."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    vocabulary: int
    positions: int = 4096


SIZES = {"6m": Size(256, 4, 4, 2, 1024, 4096), "111m": Size(768, 10, 12, 4, 3072, 16000)}


def config(size: Size) -> dict[str, Any]:
    """config.json as its publisher would have it."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": size.hidden,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "head_dim": size.hidden // size.heads,
        "intermediate_size": size.inner,
        "vocab_size": size.vocabulary,
        "max_position_embeddings": size.positions,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
    }


def weights(size: Size) -> dict[str, torch.Tensor]:
    """Every tensor of the model by its name, in bfloat16; the same ones each time."""
    draw = torch.Generator().manual_seed(0)

    def drawn(rows: int, columns: int) -> torch.Tensor:
        return (torch.randn(rows, columns, generator=draw) * SPREAD).to(torch.bfloat16)

    hidden, inner, kv = size.hidden, size.inner, size.kv_heads * (size.hidden // size.heads)
    ones = torch.ones(hidden, dtype=torch.bfloat16)
    tensors = {
        "model.embed_tokens.weight": drawn(size.vocabulary, hidden),
        "lm_head.weight": drawn(size.vocabulary, hidden),
        "model.norm.weight": ones.clone(),
    }
    for layer in range(size.layers):
        own = {
            "self_attn.q_proj": drawn(hidden, hidden),
            "self_attn.k_proj": drawn(kv, hidden),
            "self_attn.v_proj": drawn(kv, hidden),
            "self_attn.o_proj": drawn(hidden, hidden),
            "mlp.gate_proj": drawn(inner, hidden),
            "mlp.up_proj": drawn(inner, hidden),
            "mlp.down_proj": drawn(hidden, inner),
            "input_layernorm": ones.clone(),
            "post_attention_layernorm": ones.clone(),
        }
        tensors |= {f"model.layers.{layer}.{name}.weight": tensor for name, tensor in own.items()}
    return tensors


def tokenizer(vocabulary: int) -> Tokenizer:
    """Special tokens, all bytes, all pairs of letters, then triples until the vocabulary is full."""
    letters = string.ascii_lowercase
    pairs = list(itertools.product(letters, letters))
    triples = ((one + two, three) for one, two, three in itertools.product(letters, letters, letters))
    first = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    merges = [*pairs, *itertools.islice(triples, vocabulary - len(first) - len(pairs))]
    words = [*first, *(left + right for left, right in merges)]
    made = Tokenizer(models.BPE(vocab={word: index for index, word in enumerate(words)}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    return made


def write(folder: Path, size: Size) -> None:
    """All files that an engine asks for."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights(size), folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer(size.vocabulary).save(str(folder / "tokenizer.json"))
    said = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": SPECIAL[0],
        "eos_token": SPECIAL[1],
        "pad_token": SPECIAL[2],
        "model_max_length": size.positions,
        "chat_template": CHAT,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config(size)), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), SIZES[sys.argv[2]])
