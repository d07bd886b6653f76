"""The price library's own data file: what has changed there since the release that is installed.

It is read by the library's own types, and compared; the process-wide snapshot of the library is never replaced.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from genai_prices.data import providers as bundled
from genai_prices.types import ModelInfo, Provider, _providers_from_raw
from genai_prices.update_prices import DEFAULT_UPDATE_URL

from planner.catalog.catalog import Catalog
from planner.catalog.dated import in_force
from planner.catalog.history import row_id
from planner.catalog.library import LIBRARY_TABLE
from planner.catalog.library_prices import LIBRARY_DATE, change_days
from planner.catalog.price_terms import LATEST
from planner.catalog.rows import ApiPriceRow
from planner.refresh.diff import offer_of
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door
from planner.refresh.snapshot import InForce, Offer, RowMaker, Snapshot, Source, dated_ids, printable
from planner.refresh.sources.library_figures import (
    FIGURES,
    NoRow,
    batch_cache_note,
    comparable_values,
    prices_on,
    values_on,
)

ASKED_THEMSELVES = ("openrouter",)
"""Providers that have a source of their own here, which is fresher."""
KNOWN = "models that are here too"
LEAST_SHARE = 0.9
"""A file with less than this share of the models that we know is refused when there was no look before."""
MOST_NAMED = 50
ModelKey = tuple[str, str]


@dataclass(frozen=True)
class _Book:
    """One edition of the library's data."""

    providers: tuple[Provider, ...]

    @cached_property
    def models(self) -> dict[ModelKey, tuple[Provider, ModelInfo]]:
        """Models that have an id of their own, by provider and id."""
        return {(p.id, m.id): (p, m) for p in self.providers for m in p.models if not m.id.endswith(LATEST)}

    @property
    def counts(self) -> dict[str, int]:
        """How much there is in it."""
        return {"providers": len(self.providers), "models": sum(len(p.models) for p in self.providers)}

    @property
    def newest(self) -> dt.date | None:
        """Its newest dated price, announced ones included."""
        return max((day for p in self.providers for m in p.models for day in change_days(m)), default=None)


def read(source: Source, catalog: Catalog, on: dt.date) -> Snapshot:
    """Prices that the published file has otherwise than the installed library has them."""
    here, there, maker = _Book(tuple(bundled)), _Book(_parsed(source.door.get(source.url))), RowMaker()
    news = [key for key in there.models if key[0] not in ASKED_THEMSELVES and _is_news(here, there, key, on)]
    rows = _rows([draft for key in news for draft in _drafts(there, key, on, maker)], on, maker)
    gone = [f"{model} at {provider}" for provider, model in here.models if (provider, model) not in there.models]
    known = len(here.models) - len(gone)
    return Snapshot(
        rows=tuple(rows),
        in_force=dict(_in_force(here, rows, catalog, on)),
        counts=there.counts | {KNOWN: known},
        least=here.counts | {KNOWN: int(LEAST_SHARE * len(here.models))},
        dated=there.newest,
        not_before=here.newest,
        notes=(*maker.notes(), *_gone_notes(gone)),
    )


def _gone_notes(gone: Sequence[str]) -> Iterator[str]:
    """Models that are not there any more: the first of them by name."""
    yield from (f"{printable(name)} is not in it any more." for name in gone[:MOST_NAMED])
    if len(gone) > MOST_NAMED:
        yield f"{len(gone) - MOST_NAMED:,} more are not in it any more."


def _parsed(content: bytes) -> tuple[Provider, ...]:
    """The file in the library's own types."""
    try:
        raw = json.loads(content, parse_float=Decimal)
        if not isinstance(raw, list):
            raise ValueError("a list of providers is expected")
        found = tuple(_providers_from_raw(raw))
        if empty := next((m for p in found for m in p.models if m.prices == []), None):
            raise ValueError(f"{empty.id[:80]!r} has an empty list of prices")
        return found
    except (ValueError, TypeError, RecursionError) as error:
        raise RefreshError(
            f"The price file is not one that the library can read: {str(error).splitlines()[0][:200]}.",
            "It may have been cut off; try again. If it stays so, install a newer genai-prices.",
        ) from error


def _is_news(here: _Book, there: _Book, key: ModelKey, on: dt.date) -> bool:
    """Whether the published file has another price on the day `on`, or after an announced change."""
    if key not in here.models:
        return True
    old, new = here.models[key][1], there.models[key][1]
    if old.prices == new.prices and old.price_variants == new.price_variants:
        return False
    return any(prices_on(old, day) != prices_on(new, day) for day in _days((old, new), on))


def _days(infos: Iterable[ModelInfo], on: dt.date) -> list[dt.date]:
    """The day itself, and the days of announced changes."""
    return sorted({on, *(day for info in infos for day in change_days(info) if day > on)})


def _drafts(book: _Book, key: ModelKey, on: dt.date, maker: RowMaker) -> Iterator[dict[str, Any]]:
    """What is known of each row of one model: today's, then the announced ones."""
    provider, info = book.models[key]
    for day in _days([info], on):
        try:
            figures = values_on(info, day)
        except NoRow as reason:
            maker.refuse(f"{info.id} at {provider.id}", str(reason))
            continue
        begun = [change for change in change_days(info) if LIBRARY_DATE < change <= on]
        yield figures | {
            "provider": provider.id,
            "provider_name": provider.name,
            "model": info.id,
            "context_tokens": info.context_window,
            "effective_from": max(begun, default=on) if day == on else day,
            "source_url": (provider.pricing_urls or [DEFAULT_UPDATE_URL])[0],
            "note": batch_cache_note(info, day),
        }


def _rows(drafts: Sequence[dict[str, Any]], on: dt.date, maker: RowMaker) -> list[ApiPriceRow]:
    """The drafts as rows of this day."""
    rows = []
    for draft, price_id in zip(drafts, dated_ids(map(_name, drafts, [on] * len(drafts)), on), strict=True):
        values = draft | {
            "price_id": price_id,
            "as_of": on.isoformat(),
            "origin": "published",
            "confidence": "high",
            "source": f"{draft['provider_name']} price list, through the genai-prices data file of {on}",
        }
        if (row := maker.make(ApiPriceRow, f"{draft['model']} at {draft['provider']}", values, on)) is not None:
            rows.append(row)
    return rows


def _name(draft: Mapping[str, Any], on: dt.date) -> str:
    start = draft["effective_from"]
    return f"{draft['provider']}-{draft['model']}" + (f"-from-{start}" if start > on else "")


def _in_force(
    here: _Book, rows: Sequence[ApiPriceRow], catalog: Catalog, on: dt.date
) -> Iterator[tuple[Offer, InForce]]:
    """What the catalog says of the same offers on the same days: a dated row, or else the library."""
    dated: dict[ModelKey, list[ApiPriceRow]] = {}
    for row in catalog.tables.api_prices:
        if not row.region and row.service_tier == "standard":
            dated.setdefault((row.provider, row.model), []).append(row)
    for row in rows:
        key, day = (row.provider, row.model), max(on, row.effective_from)
        if (ours := in_force(dated.get(key, ()), day)) is not None:
            yield offer_of(row), InForce(ours, row_id(ours))
        elif key in here.models and (listed := _listed(here.models[key][1], day, row)) is not None:
            yield offer_of(row), InForce(listed, f"{LIBRARY_TABLE}/{row.provider}/{row.model}")


def _listed(info: ModelInfo, day: dt.date, like: ApiPriceRow) -> ApiPriceRow | None:
    """The installed library's price of a day, in the form of a row, without a long-context rule that none can say.

    None when it has no price per token at all.
    """
    try:
        return like.model_copy(update=dict.fromkeys(FIGURES) | comparable_values(info, day))
    except NoRow:
        return None


GENAI = Source(
    name="genai",
    title="genai-prices, the price library",
    url=DEFAULT_UPDATE_URL,
    door=Door(hosts=frozenset({"https://raw.githubusercontent.com"})),
    read=read,
    kept_from=lambda _: LIBRARY_DATE,
)
