"""A Hugging Face configuration as facts: counts by hand, every model of the catalog counted again, and bad files."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.catalog import DATA_DIR
from planner.catalog.hf_config import MAX_BYTES, ConfigError, ConfigFacts, check_total, config_facts, read_config
from planner.catalog.hf_import import Stated, config_url, import_model, model_of_config, params_of, slug_of
from tests.builders import tables

FOLDER = DATA_DIR / "model_configs"
FILES = sorted(FOLDER.glob("*.json"))
BY_ID = {path.stem: path for path in FILES}
TEXT_PART_ONLY = {"llama-4-scout", "llama-4-maverick", "gemma-3-27b", "mistral-small-3.2-24b"}
STRETCHED = {  # context reached with YaRN, as the model cards state it; the configuration has 40,960
    "qwen3-0.6b": 32768, "qwen3-1.7b": 32768, "qwen3-8b": 131072, "qwen3-32b": 131072, "qwen3-30b-a3b": 131072,
    "qwen3-235b-a22b": 131072,
}  # fmt: skip
TINY: dict[str, Any] = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 16,
    "vocab_size": 32,
    "max_position_embeddings": 128,
    "tie_word_embeddings": False,
}
"""Heads of 2: q 8x8, k and v 8x4 each, o 8x8, MLP 3 x 8x16, two norms of 8; embeddings 2 x 32x8, last norm 8."""


def given_of(path: Path) -> dict[str, Any]:
    return {k: v for k, v in json.loads(path.read_text("utf-8")).items() if not k.startswith("_")}


def facts_of(model_id: str) -> ConfigFacts:
    return config_facts(given_of(BY_ID[model_id]))


def test_a_small_model_counted_by_hand() -> None:
    facts = config_facts(TINY)
    layer = 8 * 8 + 2 * 8 * 4 + 8 * 8 + 3 * 8 * 16 + 2 * 8
    assert facts.total_params == 2 * layer + 2 * 32 * 8 + 8
    assert facts.active_params == facts.total_params
    assert facts.kv_bytes_per_token_16bit == 2 * 2 * 2 * 2 * 2  # layers, keys and values, kv heads, head width, bytes
    assert (facts.attention, facts.modality, facts.max_context_tokens) == ("GQA", "text", 128)


def test_experts_that_are_not_used_count_in_the_total_alone() -> None:
    config = TINY | {"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 1}
    facts = config_facts(config)
    assert facts.total_params - facts.active_params == 2 * 3 * (3 * 8 * 16)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_row_is_what_its_configuration_says(path: Path) -> None:
    facts, row = config_facts(given_of(path)), tables().model_by_id[path.stem]
    assert facts.total_params == row.total_params
    assert row.published_params is not None
    assert facts.total_params == pytest.approx(row.published_params, rel=0.02)
    assert facts.active_params == pytest.approx(row.active_params, rel=0.005)
    assert facts.kv_bytes_per_token_16bit == row.kv_bytes_per_token_16bit
    assert facts.window_kv_bytes_per_token_16bit == row.window_kv_bytes_per_token_16bit
    assert (facts.window_tokens, facts.state_bytes_per_sequence) == (row.window_tokens, row.state_bytes_per_sequence)
    shape = ("layers", "hidden_size", "attention_heads", "kv_heads", "head_dim", "vocab_size", "tied_embeddings")
    assert [getattr(facts, name) for name in shape] == [getattr(row, name) for name in shape]
    assert (facts.experts, facts.experts_per_token) == (row.experts, row.experts_per_token)
    assert row.max_context_tokens == STRETCHED.get(path.stem, facts.max_context_tokens)
    assert row.modality == ("text+image" if path.stem in TEXT_PART_ONLY else facts.modality)


def test_nearly_every_model_has_its_configuration() -> None:
    without = {row.model_id for row in tables().models} - BY_ID.keys()
    vision = {"llama-3.2-11b-vision", "llama-3.2-90b-vision", "llava-1.5-7b", "llava-1.5-13b"}
    assert without == vision | {"whisper-large-v3"}
    assert BY_ID.keys() <= tables().model_by_id.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_holds_what_is_read_with_its_source_and_nothing_else(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    assert document["_source"]
    assert document["_as_of"] == "2026-11-20"
    given = given_of(path)
    read = config_facts(given).fields_read
    inner = {f"{name}.{key}" for name, value in given.items() if isinstance(value, dict) for key in value}
    assert {name for name, value in given.items() if not isinstance(value, dict)} | inner <= read


def test_the_caches_of_the_known_kinds_of_attention() -> None:
    assert facts_of("deepseek-v3").kv_bytes_per_token_16bit == 61 * (512 + 64) * 2  # MLA: latent and shared key
    assert facts_of("deepseek-v3.2").kv_bytes_per_token_16bit == 61 * (512 + 64 + 128) * 2  # and the index keys
    assert facts_of("codellama-7b").kv_bytes_per_token_16bit == 2 * 32 * 32 * 128 * 2  # MHA
    oss = facts_of("gpt-oss-120b")  # 18 of 36 layers keep 128 tokens
    assert oss.kv_bytes_per_token_16bit == oss.window_kv_bytes_per_token_16bit == 2 * 18 * 8 * 64 * 2
    assert oss.window_tokens == 128
    scout = facts_of("llama-4-scout")  # 12 of 48 layers see everything
    assert (scout.kv_bytes_per_token_16bit, scout.window_kv_bytes_per_token_16bit) == (12 * 4096, 36 * 4096)
    dense = facts_of("qwen3.5-27b")  # 48 of 64 layers: 48 heads of 128 x 128 in 32 bits, 3 past inputs of 10,240
    assert dense.kv_bytes_per_token_16bit == 2 * 16 * 4 * 256 * 2
    assert dense.state_bytes_per_sequence == 48 * (48 * 128 * 128 * 4 + (2 * 2048 + 6144) * 3 * 2)


@pytest.mark.parametrize(("model_id", "billion"), [("llama-3.1-8b", 8.03), ("qwen3-vl-8b", 8.77)])
def test_a_stated_total_is_accepted_up_to_two_percent_off(model_id: str, billion: float) -> None:
    facts = facts_of(model_id)
    check_total(facts, billion * 1e9)
    check_total(facts, facts.total_params / 1.0199)
    with pytest.raises(ConfigError, match=r"billion parameters and you stated .* billion, 2\.01% apart"):
        check_total(facts, facts.total_params / 1.0201)


@pytest.mark.parametrize("stated", [0, -1, math.nan, math.inf])
def test_a_total_that_is_no_size_is_refused(stated: float) -> None:
    with pytest.raises(ConfigError, match="state the model's total parameters"):
        check_total(facts_of("qwen3-8b"), stated)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<!DOCTYPE html><title>404</title>", "this is a web page"),
        (b"\xef\xbb\xbf  <html>", "this is a web page"),
        (b"model_type: llama", "this is not JSON"),
        (b"[1, 2]", "no named fields"),
        (b'{"error": "Repository not found"}', "the answer is an error message: 'Repository not found'"),
        (b"{" + b" " * MAX_BYTES + b"}", "is no config.json"),
        (b"", "this is not JSON"),
        (b"[" * 100_000, "this is not JSON"),
    ],
)
def test_what_is_no_configuration_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_config(data)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": None}, "lacks model_type"),
        ({"model_type": "whisper"}, "'whisper' is not one that can be counted"),
        ({"hidden_size": None}, "lacks hidden_size"),
        ({"hidden_size": "8"}, "hidden_size is '8'"),
        ({"hidden_size": -8}, "hidden_size is '-8'"),
        ({"hidden_size": True}, "hidden_size is 'True'"),
        ({"num_hidden_layers": 10**8}, "few dozen layers"),
        ({"model_type": "gpt_oss"}, "lacks layer_types"),
        ({"model_type": "gpt_oss", "layer_types": ["full_attention"]}, "entry for each of the 2 layers"),
        ({"model_type": "mistral", "sliding_window": 4096}, "sliding_window is set"),
        ({"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 4096}, "use_sliding_window is true"),
        ({"tie_word_embeddings": "false"}, "tie_word_embeddings is 'false', which is neither true nor false"),
        ({"attention_bias": "no"}, "attention_bias is 'no'"),
        ({"num_key_value_heads": 3}, "num_attention_heads 4 cannot be shared by num_key_value_heads 3"),
        ({"num_key_value_heads": 0}, "num_key_value_heads is '0'"),
        ({"num_attention_heads": 6}, "hidden_size 8 cannot be shared by num_attention_heads 6"),
        ({"vision_config": [1]}, "vision_config is no group of fields"),
    ],
)
def test_what_a_configuration_lacks_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config_facts(TINY | changes)


JUNK: st.SearchStrategy[Any] = st.sampled_from([None, True, "x", -1, 0, 1, 10**9, 10**12, 1.5, [], {}, ["x"], [None]])


@given(data=st.data())
def test_a_spoilt_configuration_gives_facts_or_a_sentence(data: st.DataObject) -> None:
    config = copy.deepcopy(given_of(data.draw(st.sampled_from(FILES))))
    target = config.get("text_config", config) if data.draw(st.booleans()) else config
    for name in data.draw(st.sets(st.sampled_from(sorted(target)), min_size=1, max_size=3)):
        target[name] = data.draw(JUNK)
    try:
        total = config_facts(config).total_params
    except ConfigError:
        return
    assert total > 0


# --- import


def test_an_imported_model_has_the_facts_and_their_source() -> None:
    stated = Stated(8.2e9, "Qwen3 8B", "Qwen/Qwen3-8B", "apache-2.0", "its repository", config_url("Qwen/Qwen3-8B"))
    model = import_model(json.dumps(given_of(BY_ID["qwen3-8b"])).encode(), stated)
    row = tables().model_by_id["qwen3-8b"]
    assert (model.total_params, model.kv_bytes_per_token_16bit) == (row.total_params, row.kv_bytes_per_token_16bit)
    assert (model.name, model.licence_id, model.modalities) == ("Qwen3 8B", "apache-2.0", ("text",))
    assert model.provenance.source_url == "https://huggingface.co/Qwen/Qwen3-8B/resolve/main/config.json"


def test_an_import_with_another_total_says_both() -> None:
    with pytest.raises(
        ConfigError, match=r"gives 8\.19 billion parameters and you stated 7\.00 billion, 17\.01% apart"
    ):
        model_of_config(given_of(BY_ID["qwen3-8b"]), Stated(7e9, "wrong"))


@pytest.mark.parametrize(
    ("text", "value"), [("70.6B", 70.6e9), ("70.6e9", 70.6e9), ("1T", 1e12), ("600m", 6e8), (" 8 B ", 8e9)]
)
def test_a_size_may_be_written_as_people_do(text: str, value: float) -> None:
    assert params_of(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "70,6B", "big", "-1", "1e999", "nan"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"write 70\.6B"):
        params_of(text)


def test_a_name_becomes_an_id() -> None:
    assert [slug_of(name) for name in ("Qwen/Qwen3-8B", "My Model (v2)", "///", "é" * 200)] == [
        "qwen3-8b",
        "my-model-v2",
        "imported-model",
        "imported-model",
    ]
