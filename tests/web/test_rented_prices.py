"""The tier selector and the spread beside a GPU's price, where a new option starts, and listed servers."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from planner.catalog.gpu_offers import starting_offer
from planner.catalog.rows import GpuPriceRow
from planner.domain.options import OwnedOption, RentedOption
from planner.web.option_kinds import new_option, turned_into
from planner.web.rented_prices import (
    fitting_rows,
    price_label,
    rental_usd_per_gpu_hour,
    spread_sentence,
    start_sentence,
    starting_price_id,
    tier_label,
    with_price,
)
from planner.web.state import catalog
from tests.builders import rented, shipped
from tests.web.editor import ON, act, choose, draft_of, labelled, open_option, press, type_in

FIRST = shipped("azure-conversation.yaml")


def priced(price_id: str | None, **more: Any) -> RentedOption:
    return rented(price_id=price_id, **({"gpu_id": "h100-sxm"} | more))


def row(price_id: str | None) -> GpuPriceRow:
    return catalog().tables.gpu_price_by_id[price_id or ""]


def said(app: AppTest) -> str:
    return " ".join(m.value for m in app.markdown).replace("\\", "").replace("\u2060", "")


def test_the_sentence_counts_the_offers_that_are_listed() -> None:
    option = priced("runpod-h100-sxm-pod-on-demand")
    prices = sorted(r.usd_per_gpu_hour for r in fitting_rows(option) if r.term == "on_demand")
    sentence = spread_sentence(option, None)
    assert sentence.startswith(
        f"NVIDIA H100 SXM on demand: {len(prices)} offers, {prices[0]:.2f} to {prices[-1]:.2f} USD/h"
    )
    assert sentence.endswith("; this one 3.49, RunPod, 2026-09-13.")
    assert "1.49 to 12.29" in sentence


def test_a_tier_says_its_range_before_anything_that_a_narrow_box_cuts() -> None:
    option = priced("runpod-h100-sxm-pod-on-demand")
    prices = sorted(r.usd_per_gpu_hour for r in fitting_rows(option, "hyperscaler") if r.term == "on_demand")
    assert tier_label(option, "hyperscaler") == (
        f"hyperscaler: {prices[0]:.2f} to {prices[-1]:.2f} USD/h, {len(prices)} offers"
    )
    assert tier_label(option.model_copy(update={"term": "spot"}), "hyperscaler").startswith("hyperscaler: ")


def test_an_offer_is_listed_once_however_many_prices_it_had() -> None:
    listed = [r.offer for r in fitting_rows(priced(None))]
    assert len(listed) == len(set(listed))


def test_a_tier_narrows_the_list_and_the_sentence() -> None:
    option = priced("runpod-h100-sxm-pod-on-demand")
    assert {r.provider_tier for r in fitting_rows(option, "marketplace")} == {"marketplace"}
    assert "on demand, hyperscaler: " in spread_sentence(option, "hyperscaler")


def test_capacity_blocks_are_on_offer_but_not_compared_with_on_demand() -> None:
    option = priced(None)
    blocks = [r for r in fitting_rows(option) if r.term == "capacity_block"]
    assert blocks
    counted = int(spread_sentence(option, None).split(": ")[1].split()[0])
    assert counted == len(fitting_rows(option)) - len(blocks)
    assert price_label(blocks[0].price_id).startswith(f"${blocks[0].usd_per_gpu_hour:.2f}/h capacity block, ")


def test_a_new_option_starts_at_the_median_neocloud_offer_and_says_so() -> None:
    new = new_option(FIRST, "rented")
    assert new is not None
    assert new["price_id"] == starting_price_id("h200")
    listed = fitting_rows(priced(None, gpu_id="h200"), "neocloud")
    neoclouds = [r for r in listed if r.term == "on_demand" and r.instance != "serverless"]
    cheapest = {r.provider: r for r in reversed(neoclouds)}  # listed cheapest first: each provider counts once
    ranked = sorted(cheapest.values(), key=lambda r: r.usd_per_gpu_hour)
    assert len(ranked) < len(neoclouds)
    assert row(new["price_id"]) == ranked[len(ranked) // 2]
    assert "middle neocloud by price, each provider counted once" in start_sentence(
        priced(new["price_id"], gpu_id="h200")
    )
    assert start_sentence(priced("runpod-h100-sxm-pod-on-demand")) == ""


@pytest.mark.parametrize("gpu", [gpu.gpu_id for gpu in catalog().tables.gpus])
@pytest.mark.parametrize("term", ["on_demand", "spot", "reserved"])
def test_another_gpu_or_term_never_brings_a_marketplace_or_a_block_unasked(gpu: str, term: str) -> None:
    option = priced("azure-h100-sxm-standard-nd96isr-h100-v5-on-demand").model_copy(update={"term": term})
    price_id = with_price(option, gpu_id=gpu).get("price_id", option.price_id)
    if price_id is not None and price_id != option.price_id:
        assert row(price_id).provider_tier != "marketplace"
        assert row(price_id).term != "capacity_block"


def test_the_same_provider_is_kept_where_it_has_the_gpu() -> None:
    changes = with_price(priced("runpod-h100-sxm-pod-on-demand"), gpu_id="b200")
    assert row(changes["price_id"]).provider == "RunPod"


def test_with_nothing_but_marketplaces_no_price_is_chosen_for_the_user() -> None:
    only = [r for r in catalog().tables.gpu_prices if r.provider_tier == "marketplace"]
    assert starting_offer(only, "h100-sxm", "on_demand", ON) is None


def test_a_fallback_beside_spot_is_an_on_demand_price_of_the_provider() -> None:
    usd = rental_usd_per_gpu_hour(
        "h100-sxm", priced("aws-h100-sxm-p5.48xlarge-spot", term="spot", spot={"fallback_usd_per_gpu_hour": 1})
    )
    assert usd == row("aws-h100-sxm-p5.48xlarge-on-demand").usd_per_gpu_hour


# --- on the page


def test_the_tier_is_chosen_first_and_only_filters(app: AppTest) -> None:
    index = open_option(app, "own-h200")
    before = draft_of(app).scenario.options[index]
    tiers = labelled(app.selectbox, "Providers listed")
    assert tiers.value == "neocloud"
    assert [label.split(":")[0] for label in tiers.options] == [
        "all providers",
        "marketplace",
        "neocloud",
        "hyperscaler",
    ]
    choose(app, "Providers listed", "hyperscaler")
    assert draft_of(app).scenario.options[index] == before
    assert "on demand, hyperscaler: " in said(app)
    assert "this one 4.59" in said(app)
    labels = labelled(app.selectbox, "GPU price").options
    assert "RunPod" in labels[0]  # what is chosen stays, and is first
    assert all("hyperscaler" in label for label in labels[1:])


def test_a_hyperscaler_price_is_chosen_and_its_tier_is_listed(app: AppTest) -> None:
    index = open_option(app, "own-h200")
    choose(app, "Providers listed", "hyperscaler")
    choose(app, "GPU price", "aws-h200-p5en.48xlarge-on-demand")
    option = draft_of(app).scenario.options[index]
    assert isinstance(option, RentedOption)
    assert option.price_id == "aws-h200-p5en.48xlarge-on-demand"


# --- listed servers


def test_a_new_server_is_the_listed_one_to_the_cent() -> None:
    new = new_option(FIRST, "owned")
    assert new is not None
    listed = next(r for r in catalog().tables.server_prices if r.server_id == "lenovo-8x-h100-2026-01")
    assert new["server"]["usd_per_server"] == listed.usd_per_server
    assert new["server"]["gpus_per_server"] == 8
    assert "network, rack, installation and tax" in new["server"]["provenance"]["note"]


def test_a_rented_option_turned_into_an_owned_one_gets_the_server_of_its_gpu() -> None:
    own = next(o for o in FIRST.options if o.option_id == "own-h200")
    found = turned_into(own, "owned", FIRST, None)
    assert found is not None
    assert str(found["server"]["usd_per_server"]) == "277897.75"


def test_a_listed_server_fills_price_gpus_and_source_and_leaves_the_rest(app: AppTest) -> None:
    act(app, app.selectbox(key="new-kind").set_value("owned"))
    press(app, "Add it")
    option = draft_of(app).scenario.options[-1]
    open_option(app, option.option_id)
    type_in(app, "Server (USD, with network, rack, tax)", 300_000.0)
    type_in(app, "Life of a server (months)", 60)
    press(app, "Start from a listed server: Lenovo 8x H100 server, 250,142 USD (2026-01-15)")
    found = draft_of(app).scenario.options[-1]
    assert isinstance(found, OwnedOption)
    assert str(found.server.usd_per_server) == "250141.80"
    assert (found.server.gpus_per_server, found.server.life_months) == (8, 60)
    assert found.server.provenance.source_url == "https://lenovopress.lenovo.com/lp2368"
    assert "network, rack, installation and tax come on top" in said(app)
    assert not app.error
