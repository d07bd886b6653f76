"""OpenRouter's list of models: prices in USD per token, for the models that the catalog knows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from planner.catalog.catalog import Catalog
from planner.catalog.dated import in_force
from planner.catalog.history import row_id
from planner.catalog.library import LIBRARY_TABLE
from planner.catalog.library_prices import LIBRARY_DATE, find
from planner.catalog.price_terms import PriceUnknown, exact
from planner.catalog.rows import ApiPriceRow
from planner.domain.base import as_of_date
from planner.refresh.diff import offer_of
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door
from planner.refresh.snapshot import InForce, Offer, RowMaker, Snapshot, Source, dated_ids, printable
from planner.refresh.sources.library_figures import FIGURES, NoRow, comparable_values
from planner.refresh.sources.text import items, number, parse, words

PROVIDER, NAME = "openrouter", "OpenRouter"
TOKENS = 1_000_000
PRICES = {
    "prompt": "input_usd_per_mtok",
    "completion": "output_usd_per_mtok",
    "input_cache_read": "cached_input_usd_per_mtok",
    "input_cache_write": "cache_write_5m_usd_per_mtok",
    "internal_reasoning": "reasoning_usd_per_mtok",
}
VARIANT = ":"
"""`model:free` and the like are other offers of the same model."""
LEAST_SHARE = 0.8
"""A list with less than this share of the models that we have from it is refused when there was no look before."""


def read(source: Source, catalog: Catalog, on: dt.date) -> Snapshot:
    """Today's price of every listed model that is in the catalog, by its Hugging Face id or by a dated row."""
    listed = items(parse(source.door.get(source.url), NAME), "data", NAME)
    known = _dated(catalog, on)
    maker = RowMaker()
    wanted = list(_wanted(listed, catalog, known))
    if listed and not any(words(item, "id") for item in listed):
        raise RefreshError(f"{NAME} sent {len(listed)} models without an id.", "The source may have changed its form.")
    wanted = list(_once(wanted, maker))
    ids = dated_ids((f"{PROVIDER}-{words(item, 'id')}" for item, _ in wanted), on)
    made = (_row(item, model_id, price_id, on, maker) for (item, model_id), price_id in zip(wanted, ids, strict=True))
    rows = tuple(row for row in made if row is not None)
    return Snapshot(
        rows=rows,
        in_force=known | dict(_from_library(rows, known, on)),
        counts={"models": len(listed), "models we know": len(rows)},
        least={"models we know": max(1, int(LEAST_SHARE * len(known)))},
        notes=maker.notes(),
    )


def _dated(catalog: Catalog, on: dt.date) -> dict[Offer, InForce]:
    """The dated rows of this provider that are in force, by the offer of a row that is seen today."""
    rows = [row for row in catalog.tables.api_prices if row.provider == PROVIDER]
    ours = [row for row in rows if row.service_tier == "standard" and not row.region]
    models = {row.model for row in ours}
    current = (in_force([row for row in ours if row.model == model], on) for model in sorted(models))
    return {offer_of(_seen_today(row, on)): InForce(row, row_id(row)) for row in current if row is not None}


def _seen_today(row: ApiPriceRow, on: dt.date) -> ApiPriceRow:
    """A price that was announced when it was seen is an ordinary one once it is in force."""
    return row.model_copy(update={"as_of": on.isoformat()})


def _from_library(
    rows: tuple[ApiPriceRow, ...], known: Mapping[Offer, InForce], on: dt.date
) -> Iterator[tuple[Offer, InForce]]:
    """What the price library says of models that have no dated row."""
    for row in rows:
        if offer_of(row) in known:
            continue
        try:
            figures = comparable_values(find(PROVIDER, row.model).info, on)
        except (PriceUnknown, NoRow):
            continue
        identifier = f"{LIBRARY_TABLE}/{PROVIDER}/{row.model}"
        yield offer_of(row), InForce(row.model_copy(update=dict.fromkeys(FIGURES) | figures), identifier)


def _wanted(
    listed: list[Mapping[str, Any]], catalog: Catalog, known: Mapping[Offer, InForce]
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Listed models that we know, each with its id in models.csv ("" when it has none)."""
    by_hf_id = {row.hf_id.lower(): row.model_id for row in catalog.tables.models}
    dated = {old.row.model: old.row.model_id for old in known.values() if isinstance(old.row, ApiPriceRow)}
    for item in listed:
        model = words(item, "id")
        open_weights = by_hf_id.get(words(item, "hugging_face_id").lower(), "")
        if model in dated or (open_weights and VARIANT not in model):
            yield item, dated.get(model) or open_weights


def _once(wanted: Iterable[tuple[Mapping[str, Any], str]], maker: RowMaker) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Models that are listed once; of one that is there twice nobody could tell the price."""
    entries = list(wanted)
    times = Counter(words(item, "id") for item, _ in entries)
    for name in (name for name, count in times.items() if count > 1):
        maker.refuse(f"{printable(name)} at {NAME}", "it is listed more than once")
    yield from (entry for entry in entries if times[words(entry[0], "id")] == 1)


def _row(item: Mapping[str, Any], model_id: str, price_id: str, on: dt.date, maker: RowMaker) -> ApiPriceRow | None:
    model = words(item, "id")
    pricing = item.get("pricing")
    if not isinstance(pricing, Mapping) or number(pricing.get("prompt")) is None:
        maker.refuse(f"{model} at {NAME}", "it has no price for input and output tokens")
        return None
    if number(pricing.get("request")):
        maker.refuse(f"{model} at {NAME}", "it has charges other than per token")
        return None
    context = number(item.get("context_length"))
    values = _per_mtok(pricing) | {
        "price_id": price_id,
        "provider": PROVIDER,
        "provider_name": NAME,
        "model": model,
        "model_id": model_id,
        "context_tokens": int(context) if context and context > 0 else None,
        "effective_from": on,
        "as_of": on.isoformat(),
        "origin": "published",
        "confidence": "medium",
        "source": f"OpenRouter models API of {on}",
        "source_url": f"https://openrouter.ai/{model}",
        "note": "price of the host that OpenRouter names first; other hosts of the model may cost more",
    }
    return maker.make(ApiPriceRow, f"{model} at {NAME}", values, on)


def _per_mtok(pricing: Mapping[str, Any]) -> dict[str, Any]:
    """USD per token as USD per 1M tokens. Beside input and output, 0 means that there is no such price."""
    found: dict[str, Any] = {}
    for key, column in PRICES.items():
        per_token = number(pricing.get(key))
        if per_token or (per_token is not None and key in ("prompt", "completion")):
            price = per_token * Decimal(TOKENS)
            found[column] = exact(price) or price  # what is not 0 does not become 0
    return found


def _newest(catalog: Catalog) -> dt.date | None:
    seen = (as_of_date(row.as_of) for row in catalog.tables.api_prices if row.provider == PROVIDER)
    return max(seen, default=LIBRARY_DATE)


OPENROUTER = Source(
    name="openrouter",
    title="OpenRouter models API",
    url="https://openrouter.ai/api/v1/models",
    door=Door(hosts=frozenset({"https://openrouter.ai"})),
    read=read,
    kept_from=_newest,
)
