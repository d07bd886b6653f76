"""Model rows and the names that articles use: what a request keeps, what exists, and where it is in the catalog."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog import prices
from planner.catalog.rows import ModelRow, NamedRow
from tests.builders import tables

MODELS = st.sampled_from(tables().models)


def model(model_id: str) -> ModelRow:
    return tables().model_by_id[model_id]


def test_windows_and_states_are_kept_once() -> None:
    oss = model("gpt-oss-120b")  # 36,864 bytes a token without end, as many for the last 128 tokens
    assert oss.sequence_bytes(100) == 36_864 * 100 + 36_864 * 100
    assert oss.sequence_bytes(1000) == 36_864 * 1000 + 36_864 * 128
    assert oss.sequence_bytes(1000, kv_bits=8) == oss.sequence_bytes(1000) / 2
    linear = model("qwen3.5-27b")  # 65,536 bytes a token and a state of 153,944,064
    assert linear.sequence_bytes(1000) == 65_536 * 1000 + 153_944_064
    assert linear.sequence_bytes(1000, kv_bits=8) == 65_536 * 1000 / 2 + 153_944_064


@given(row=MODELS, tokens=st.floats(1, 1e6), more=st.floats(0, 1e6))
def test_a_longer_request_never_keeps_less_and_never_more_per_token(row: ModelRow, tokens: float, more: float) -> None:
    short, long = row.sequence_bytes(tokens), row.sequence_bytes(tokens + more)
    assert long >= short
    assert long / (tokens + more) <= short / tokens * (1 + 1e-12)


def test_modalities_come_from_the_row() -> None:
    assert model("llama-3.1-8b").modalities == ("text",)
    assert model("qwen3-vl-8b").modalities == ("text", "image")
    assert model("whisper-large-v3").modalities == ("audio",)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"window_tokens": None}, "belong together"),
        ({"window_kv_bytes_per_token_16bit": 0}, "belong together"),
        ({"active_params": 10**15}, "more than the"),
        ({"modality": "text, image"}, "pattern"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(cells: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ModelRow.model_validate(model("gpt-oss-120b").model_dump() | cells)


def test_the_catalog_has_the_models_of_2025_and_2026_that_people_run() -> None:
    wanted = ("qwen3.5-", "qwen3.6-", "qwen3-vl-", "deepseek-v4-", "glm-5", "kimi-k2", "minimax-m2", "gemma-4-", "nemo")
    for start in wanted:
        assert any(row.model_id.startswith(start) for row in tables().models), start
    assert len(tables().models) >= 39 + 15


# --- named


def is_model(row: NamedRow) -> bool:
    return row.kind in ("model", "api model")


def test_every_model_that_an_article_names_is_in_the_catalog_or_does_not_exist() -> None:
    named = [row for row in tables().named if is_model(row)]
    assert len(named) > 20
    for row in named:
        if row.exists:
            assert row.model_id in tables().model_by_id or row.api, row.named_id
        else:
            assert (row.model_id, row.api) == ("", "")
            assert row.instead


def test_a_named_api_model_has_a_price() -> None:
    for row in (r for r in tables().named if r.api):
        provider, _, name = row.api.partition("/")
        assert name in prices.models(provider), row.named_id


def test_the_phantom_llamas_say_what_exists() -> None:
    phantoms = {row.named_id: row.instead for row in tables().named if not row.exists}
    assert phantoms.keys() == {"llama-4-8b", "llama-4-70b"}
    assert all("Scout (109B, 17B active)" in text and "Maverick (400B" in text for text in phantoms.values())


def test_articles_are_those_of_the_claims_and_each_named_thing_has_a_page() -> None:
    for row in tables().named:
        assert set(row.articles.split()) <= {"S0", "S1", "S2", "S3"}
        assert row.source_url.startswith("https://")
    kinds = {row.kind for row in tables().named}
    assert kinds == {"model", "api model", "system", "benchmark", "technique"}


def test_what_does_not_exist_needs_what_there_is_instead() -> None:
    row = next(r for r in tables().named if not r.exists)
    with pytest.raises(ValueError, match="needs what there is instead"):
        NamedRow.model_validate(row.model_dump() | {"instead": ""})
