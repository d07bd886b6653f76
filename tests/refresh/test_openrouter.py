"""OpenRouter's list: USD per token, of the models that the catalog knows. Served from this machine."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from planner.catalog.catalog import Catalog, load
from planner.catalog.rows import ApiPriceRow
from planner.refresh.run import SourceReport, apply, refresh
from planner.refresh.sources.openrouter import OPENROUTER
from tests.catalog.price_books import price
from tests.refresh.loopback import Loopback, as_json, body

ON = dt.date(2026, 11, 21)
LLAMA = "meta-llama/llama-3.3-70b-instruct"


def model(name: str = LLAMA, hf_id: str = "meta-llama/Llama-3.3-70B-Instruct", **pricing: str) -> dict[str, Any]:
    """One entry of the list."""
    prices = {"prompt": "0.00000012", "completion": "0.00000038", "request": "0", "image": "0"} | pricing
    return {"id": name, "hugging_face_id": hf_id, "context_length": 131072, "pricing": prices}


def look(server: Loopback, catalog: Catalog, folder: Path, *models: Any) -> SourceReport:
    server.answers["/models"] = as_json({"data": list(models)})
    (found,) = refresh([server.source(OPENROUTER, "/models")], catalog, ON, folder=folder).sources
    return found


def row_of(found: SourceReport) -> ApiPriceRow:
    assert found.snapshot is not None
    (row,) = found.snapshot.rows
    assert isinstance(row, ApiPriceRow)
    return row


def test_prices_per_token_become_prices_per_million(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    row = row_of(look(server, catalog, tmp_path, model(input_cache_read="0.00000003")))
    # 0.00000012 x 1,000,000 = 0.12
    assert (row.input_usd_per_mtok, row.output_usd_per_mtok) == (Decimal("0.12"), Decimal("0.38"))
    assert row.cached_input_usd_per_mtok == Decimal("0.03")
    assert (row.cache_write_5m_usd_per_mtok, row.reasoning_usd_per_mtok) == (None, None)
    assert (row.price_id, row.model_id) == ("openrouter-meta-llama-llama-3.3-70b-instruct-2026-11-21", "llama-3.3-70b")
    assert (row.context_tokens, row.confidence) == (131072, "medium")


def test_the_library_is_what_it_is_compared_with(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    listed = catalog.token_prices("openrouter", LLAMA, ON, 1).periods[0].prices.rates
    per_token = {
        "prompt": f"{listed.input_usd_per_mtok / 1_000_000:.12f}",
        "completion": f"{listed.output_usd_per_mtok / 1_000_000:.12f}",
    }
    if listed.cached_input_usd_per_mtok:
        per_token["input_cache_read"] = f"{listed.cached_input_usd_per_mtok / 1_000_000:.12f}"
    assert look(server, catalog, tmp_path, model(**per_token)).status == "unchanged"
    dearer = look(server, catalog, tmp_path, model(**per_token | {"prompt": "0.00000099"}))
    assert [(line.row, line.figure, line.old) for line in dearer.diff.lines] == [
        (f"api/openrouter/{LLAMA}", "input", listed.input_usd_per_mtok)
    ]


def test_our_own_row_is_compared_first_and_kept_in_sight(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    server.answers["/models"] = as_json({"data": [model()]})
    source = server.source(OPENROUTER, "/models")
    apply(refresh([source], catalog, ON, folder=tmp_path), tmp_path)
    mine = load(local_dir=tmp_path)
    again = refresh([source], mine, ON, folder=tmp_path)
    assert again.sources[0].status == "unchanged"
    later = dt.date(2026, 12, 1)
    server.answers["/models"] = as_json({"data": [model(prompt="0.0000002")]})
    (found,) = refresh([source], mine, later, folder=tmp_path).sources
    (line,) = found.diff.lines
    assert (line.row, line.old, line.new) == (
        "api_prices/openrouter-meta-llama-llama-3.3-70b-instruct-2026-11-21",
        Decimal("0.12"),
        Decimal("0.2"),
    )


def test_a_list_that_lost_models_is_refused(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    other = model("openai/gpt-oss-120b", "openai/gpt-oss-120b")
    server.answers["/models"] = as_json({"data": [model(), other]})
    source = server.source(OPENROUTER, "/models")
    apply(refresh([source], catalog, ON, folder=tmp_path), tmp_path)
    found = look(server, load(local_dir=tmp_path), tmp_path, other)
    assert found.status == "refused"
    assert "1 models, fewer than 2 on 2026-11-21" in found.reason
    assert "llama-3.3-70b-instruct at OpenRouter" in found.diff.missing[0]


def test_models_that_we_do_not_know_and_other_offers_are_left_alone(
    server: Loopback, catalog: Catalog, tmp_path: Path
) -> None:
    unknown = model("somebody/else", "somebody/else")
    free = model(f"{LLAMA}:free", prompt="0", completion="0")
    found = look(server, catalog, tmp_path, model(), unknown, free)
    assert row_of(found).model == LLAMA


@pytest.mark.parametrize(
    ("pricing", "why"),
    [
        ({"prompt": "0.12", "completion": "0.38"}, "USD per 1M tokens"),
        ({"prompt": "-1"}, "greater than or equal to 0"),
        ({"prompt": "a little"}, "no price for input"),
        ({"request": "0.01"}, "charges other than per token"),
        ({"prompt": "0.000001", "completion": "0.0000001"}, "swapped"),
    ],
)
def test_prices_in_another_unit_are_left_out_with_their_reason(
    server: Loopback, catalog: Catalog, tmp_path: Path, pricing: dict[str, str], why: str
) -> None:
    found = look(server, catalog, tmp_path, model(**pricing))
    assert found.diff.rows == ()
    assert any(LLAMA in note and why in note for note in found.notes)


def test_a_model_that_is_listed_twice_has_no_price(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    other = model("qwen/qwen3-32b", "Qwen/Qwen3-32B")
    found = look(server, catalog, tmp_path, model(), other, model(prompt="0.0000002"))
    assert row_of(found).model == "qwen/qwen3-32b"
    assert found.notes == (f"Left out {LLAMA} at OpenRouter: it is listed more than once.",)


@pytest.mark.parametrize("models", [[], [model("somebody/else", "somebody/else")]])
def test_a_list_without_any_of_our_models_is_refused(
    server: Loopback, catalog: Catalog, tmp_path: Path, models: list[Any]
) -> None:
    assert [o.code for o in look(server, catalog, tmp_path, *models).objections] == ["FEWER"]


def test_a_price_announced_before_is_compared_once_it_is_in_force(
    server: Loopback, catalog: Catalog, tmp_path: Path
) -> None:
    start = {"provider": "openrouter", "provider_name": "OpenRouter", "model": LLAMA, "effective_from": "2026-11-01"}
    announced = price("soon", "0.01", "0.02", as_of="2026-10-01", **start)
    tables = dataclasses.replace(catalog.tables, api_prices=(*catalog.tables.api_prices, announced))
    found = look(server, Catalog(tables, "test"), tmp_path, model())
    assert (found.diff.changed, found.diff.added, found.diff.missing) == (1, 0, ())
    assert [o.code for o in found.objections] == ["JUMP"]  # $0.01 to $0.12


def test_a_tiny_price_does_not_become_free(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    found = look(server, catalog, tmp_path, model(prompt="1e-16", completion="1e-16"))
    assert found.diff.rows == ()
    assert any("input_usd_per_mtok" in note for note in found.notes)


@pytest.mark.parametrize("content", [b'{"data": 3}', b'{"models": []}', b"[]", b'{"data": [{}]}', b'{"data": ["x"]}'])
def test_another_form_of_list_is_an_error(server: Loopback, catalog: Catalog, tmp_path: Path, content: bytes) -> None:
    server.answers["/models"] = body(content)
    (found,) = refresh([server.source(OPENROUTER, "/models")], catalog, ON, folder=tmp_path).sources
    assert found.status == "failed"
    assert "form" in f"{found.reason} {found.remedy}"
