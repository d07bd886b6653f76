"""The price library's published file: what is news in it, and what is refused. Served from this machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices.data import providers as bundled
from genai_prices.data_snapshot import get_snapshot

from planner.catalog.catalog import Catalog, load
from planner.catalog.rows import ApiPriceRow
from planner.refresh.diff import DiffLine
from planner.refresh.guard import Accept
from planner.refresh.run import Report, SourceReport, apply, refresh
from planner.refresh.sources.genai import GENAI
from tests.refresh.library_file import Raw, model_of, published
from tests.refresh.loopback import Loopback, body, cut, html, status

ON = dt.date(2026, 11, 21)
Edit = Callable[[list[Raw]], None]


def look(server: Loopback, catalog: Catalog, folder: Path, edit: Edit = lambda _: None, **accept: bool) -> Report:
    """The report on the file after an edit."""
    server.answers["/data.json"] = body(published(edit))
    source = server.source(GENAI, "/data.json")
    return refresh([source], catalog, ON, folder=folder, accept=Accept(**accept))


def only(report: Report) -> SourceReport:
    (found,) = report.sources
    return found


def set_price(provider: str, model: str, **prices: Any) -> Edit:
    """An edit that gives a model these prices, in the file's own keys."""

    def edit(raw: list[Raw]) -> None:
        model_of(raw, provider, model)["prices"] = prices

    return edit


def gpt_4o(**prices: Any) -> Edit:
    return set_price("openai", "gpt-4o", **({"input_mtok": 2.5, "cache_read_mtok": 1.25, "output_mtok": 10} | prices))


def test_the_installed_prices_are_no_news(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    report = look(server, catalog, tmp_path)
    assert only(report).status == "unchanged"
    assert (report.rows, only(report).notes) == ((), ())
    assert report.good


def test_a_changed_price_is_shown_with_old_and_new(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    found = only(look(server, catalog, tmp_path, gpt_4o(input_mtok=2)))
    assert found.status == "new rows"
    assert found.diff.lines == (
        DiffLine(
            change="changed",
            row="api/openai/gpt-4o",
            what="gpt-4o at OpenAI",
            figure="input",
            unit="USD per 1M tokens",
            old=Decimal("2.5"),
            new=Decimal(2),
        ),
    )
    assert found.diff.lines[0].change_fraction == Decimal("-0.2")


def test_what_is_added_is_dated_sourced_and_used(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    report = look(server, catalog, tmp_path, gpt_4o(input_mtok=2))
    apply(report, tmp_path)
    after = load(local_dir=tmp_path)
    row = after.tables.api_prices[-1]
    assert (row.price_id, row.as_of, row.effective_from) == ("openai-gpt-4o-2026-11-21", "2026-11-21", ON)
    assert row.source_url.startswith("https://")
    assert "genai-prices" in row.source
    priced = after.token_prices("openai", "gpt-4o", ON, 1)
    assert priced.periods[0].prices.rates.input_usd_per_mtok == Decimal(2)
    assert priced.source.row == "api_prices/openai-gpt-4o-2026-11-21"


def test_twice_on_one_day_adds_nothing_the_second_time(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    apply(look(server, catalog, tmp_path, gpt_4o(input_mtok=2)), tmp_path)
    written = (tmp_path / "api_prices.csv").read_bytes()
    again = look(server, load(local_dir=tmp_path), tmp_path, gpt_4o(input_mtok=2))
    assert only(again).status == "unchanged"
    assert apply(again, tmp_path) == ()
    assert (tmp_path / "api_prices.csv").read_bytes() == written


def test_a_second_price_on_one_day_waits_for_the_next(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    apply(look(server, catalog, tmp_path, gpt_4o(input_mtok=2)), tmp_path)
    again = look(server, load(local_dir=tmp_path), tmp_path, gpt_4o(input_mtok=1.9))
    assert again.rows == ()
    assert "there is a row of that day already" in " ".join(only(again).notes)


def test_a_price_the_library_has_and_a_row_replaced_is_compared_with_the_row(
    server: Loopback, catalog: Catalog, tmp_path: Path
) -> None:
    """The file still has a stale price, as the library has; that is no reason to go back to it."""
    apply(look(server, catalog, tmp_path, gpt_4o(input_mtok=2)), tmp_path)
    assert only(look(server, load(local_dir=tmp_path), tmp_path)).status == "unchanged"


def test_a_new_model_is_added_with_every_figure(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    def edit(raw: list[Raw]) -> None:
        prices = {"input_mtok": 1, "cache_read_mtok": 0.1, "output_mtok": 4, "output_reasoning_mtok": 6}
        new = {"id": "gpt-7-sol", "match": {"equals": "gpt-7-sol"}, "prices": prices, "context_window": 900000}
        next(p for p in raw if p["id"] == "openai")["models"].append(new)

    found = only(look(server, catalog, tmp_path, edit))
    assert (found.diff.added, found.diff.changed) == (1, 0)
    (row,) = found.diff.rows
    assert isinstance(row, ApiPriceRow)
    assert (row.model, row.reasoning_usd_per_mtok, row.context_tokens) == ("gpt-7-sol", Decimal(6), 900000)
    assert {line.figure for line in found.diff.lines} == {"input", "cached input", "output", "reasoning"}


def test_an_announced_price_becomes_a_row_of_its_first_day(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    def edit(raw: list[Raw]) -> None:
        now, then = {"input_mtok": 2.5, "output_mtok": 10}, {"input_mtok": 5, "output_mtok": 20}
        entries = [{"prices": now}, {"prices": then, "constraint": {"start_date": "2027-03-01"}}]
        model_of(raw, "openai", "gpt-4.1")["prices"] = entries

    report = look(server, catalog, tmp_path, edit)
    starts = {row.effective_from for row in report.rows if isinstance(row, ApiPriceRow)}
    assert starts == {ON, dt.date(2027, 3, 1)}
    apply(report, tmp_path)
    prices = load(local_dir=tmp_path).token_prices("openai", "gpt-4.1", ON, 6)
    assert [(p.from_month, p.prices.rates.input_usd_per_mtok) for p in prices.periods] == [(1, Decimal("2.5")), (5, 5)]
    assert only(look(server, load(local_dir=tmp_path), tmp_path, edit)).status == "unchanged"


def test_a_change_that_began_before_today_is_in_force_from_its_own_day(
    server: Loopback, catalog: Catalog, tmp_path: Path
) -> None:
    def edit(raw: list[Raw]) -> None:
        entries = [
            {"prices": {"input_mtok": 2.5, "output_mtok": 10}},
            {"prices": {"input_mtok": 2, "output_mtok": 8}, "constraint": {"start_date": "2026-11-17"}},
        ]
        model_of(raw, "openai", "gpt-4o")["prices"] = entries

    (row,) = look(server, catalog, tmp_path, edit).rows
    assert isinstance(row, ApiPriceRow)
    assert (row.effective_from, row.as_of) == (dt.date(2026, 11, 17), "2026-11-21")


def test_a_long_context_price_keeps_its_rule(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    tiered = {
        "input_mtok": {"base": 2, "tiers": [{"start": 200000, "price": 5}]},
        "output_mtok": {"base": 8, "tiers": [{"start": 200000, "price": 12}]},
    }
    (row,) = look(server, catalog, tmp_path, set_price("openai", "gpt-4o", **tiered)).rows
    assert isinstance(row, ApiPriceRow)
    # 5 / 2 = 2.5 and 12 / 8 = 1.5
    assert (row.long_above_tokens, row.long_input_multiplier, row.long_output_multiplier) == (200000, 2.5, 1.5)


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        ({"input_mtok": 2, "output_mtok": 8, "requests_kcount": 5}, "charges other than per token"),
        ({"input_mtok": 2}, "no price for input and output"),
        (
            {
                "input_mtok": {"base": 2, "tiers": [{"start": 9, "price": 3}, {"start": 99, "price": 4}]},
                "output_mtok": 8,
            },
            "more than one long-context price",
        ),
        (
            {"input_mtok": {"base": 2, "tiers": [{"start": 9, "price": 3}]}, "cache_read_mtok": 1, "output_mtok": 8},
            "rise by different factors",
        ),
        ({"input_mtok": 0.0000025, "output_mtok": 0.00001}, "looks like USD per token"),
    ],
)
def test_a_price_that_no_row_can_say_is_left_out_with_its_reason(
    server: Loopback, catalog: Catalog, tmp_path: Path, prices: Raw, why: str
) -> None:
    found = only(look(server, catalog, tmp_path, set_price("openai", "gpt-4o", **prices), jumps=True))
    assert found.diff.rows == ()
    assert any("gpt-4o" in note and why in note for note in found.notes)


def test_a_price_ten_times_higher_waits_for_a_word(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    refused = only(look(server, catalog, tmp_path, gpt_4o(input_mtok=25.1, output_mtok=100.1)))
    assert refused.status == "refused"
    assert [o.code for o in refused.objections] == ["JUMP"]
    assert "2.5 to 25.1" in refused.reason
    assert "--accept-jumps" in refused.remedy
    assert only(look(server, catalog, tmp_path, gpt_4o(input_mtok=25.1, output_mtok=100.1), jumps=True)).diff.rows


def test_a_jump_from_a_price_that_no_row_can_say_waits_too(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    # its long-context prices rise by different factors; a short prompt pays $2 / $10
    dearer = set_price("quicksilverpro", "gpt-6-sol", input_mtok=20.1, output_mtok=100.1)
    refused = only(look(server, catalog, tmp_path, dearer))
    assert [o.code for o in refused.objections] == ["JUMP"]
    assert "2 to 20.1" in refused.reason


@pytest.mark.parametrize("price", [1e40, 1e-40, {"base": 1, "tiers": [{"start": 200_000, "price": 1e40}]}])
def test_a_price_with_too_many_digits_is_left_out(
    server: Loopback, catalog: Catalog, tmp_path: Path, price: Any
) -> None:
    found = only(look(server, catalog, tmp_path, set_price("openai", "gpt-4o", input_mtok=price, output_mtok=price)))
    assert (found.status, found.diff.rows) == ("unchanged", ())
    assert found.notes == ("Left out gpt-4o at openai: it has a price of too many digits.",)


def test_as_many_models_that_are_all_others_are_refused(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    def rename(raw: list[Raw]) -> None:
        for provider in raw:
            for entry in provider["models"]:
                entry["id"] = f"z{entry['id']}"

    found = only(look(server, catalog, tmp_path, rename))
    assert [o.code for o in found.objections] == ["FEWER"]
    assert "0 models that are here too" in found.reason
    assert len(found.notes) < 100


def test_exactly_ten_times_is_no_jump_and_a_free_model_is_one(
    server: Loopback, catalog: Catalog, tmp_path: Path
) -> None:
    assert only(look(server, catalog, tmp_path, gpt_4o(input_mtok=25, output_mtok=100))).status == "new rows"
    free = set_price("avian", "Meta-Llama-3.3-70B-Instruct", input_mtok=0, output_mtok=0)
    assert only(look(server, catalog, tmp_path, free)).status == "refused"


def test_a_file_with_fewer_providers_is_refused_until_accepted(
    server: Loopback, catalog: Catalog, tmp_path: Path
) -> None:
    def edit(raw: list[Raw]) -> None:
        del raw[36:]
        gpt_4o(input_mtok=2)(raw)

    refused = only(look(server, catalog, tmp_path, edit))
    assert refused.status == "refused"
    assert "36 providers, fewer than the 47" in refused.reason
    assert look(server, catalog, tmp_path, edit).rows == ()
    taken = only(look(server, catalog, tmp_path, edit, fewer=True, older=True))
    assert taken.status == "new rows"
    assert any("is not in it any more" in note for note in taken.notes)


def test_an_older_file_is_refused(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    """The same number of models, but nothing of the last months: every dated price is the first of its list."""

    def edit(raw: list[Raw]) -> None:
        for provider in raw:
            for model in provider["models"]:
                if isinstance(model["prices"], list):
                    model["prices"] = model["prices"][0]["prices"]

    refused = only(look(server, catalog, tmp_path, edit, jumps=True))
    assert [o.code for o in refused.objections] == ["OLDER"]
    assert "--accept-older" in refused.remedy


@pytest.mark.parametrize(
    "answer",
    [html(), status(500), cut(b"[" * 999), body(b'[{"id": "openai"'), body(b'{"a": 1}'), body(b'[{"id": 3}]')],
    ids=["html", "500", "cut off", "half", "an object", "another form"],
)
def test_what_is_no_price_file_changes_nothing(server: Loopback, catalog: Catalog, tmp_path: Path, answer: Any) -> None:
    server.answers["/data.json"] = answer
    report = refresh([server.source(GENAI, "/data.json")], catalog, ON, folder=tmp_path)
    assert only(report).status == "failed"
    assert "Kept the prices of 2026-11-09." in only(report).reason
    assert only(report).remedy
    assert not report.good
    assert apply(report, tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_the_library_of_this_process_stays_as_installed(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    look(server, catalog, tmp_path, gpt_4o(input_mtok=2))
    assert get_snapshot().providers is bundled
