"""The price library's published data file, written from the copy that is installed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, Provider, StartDateConstraint, TieredPrices, TimeOfDateConstraint

Raw = dict[str, Any]


def published(edit: Callable[[list[Raw]], None] = lambda _: None) -> bytes:
    """The file, after `edit` has changed it."""
    raw = [_provider(provider) for provider in providers]
    edit(raw)
    return json.dumps(raw).encode()


def model_of(raw: list[Raw], provider: str, model: str) -> Raw:
    """One model of the file."""
    found: Raw = next(m for p in raw if p["id"] == provider for m in p["models"] if m["id"] == model)
    return found


def _provider(provider: Provider) -> Raw:
    return {
        "id": provider.id,
        "name": provider.name,
        "api_pattern": provider.api_pattern,
        "pricing_urls": provider.pricing_urls,
        "models": [_model(info) for info in provider.models],
    }


def _model(info: ModelInfo) -> Raw:
    raw: Raw = {"id": info.id, "match": {"equals": info.id}, "context_window": info.context_window}
    raw["price_comments"] = info.price_comments
    if isinstance(info.prices, ModelPrice):
        raw["prices"] = _price(info.prices)
    else:
        raw["prices"] = [{"prices": _price(p.prices)} | _constraint(p.constraint) for p in info.prices]
    if info.price_variants:
        raw["price_variants"] = [
            {"when": v.when, "prices": _price(v.prices)} | _constraint(v.constraint) for v in info.price_variants
        ]
    return raw


def _constraint(constraint: StartDateConstraint | TimeOfDateConstraint | None) -> Raw:
    if isinstance(constraint, StartDateConstraint):
        return {"constraint": {"start_date": constraint.start_date.isoformat()}}
    if isinstance(constraint, TimeOfDateConstraint):
        times = {"start_time": constraint.start_time, "end_time": constraint.end_time}
        return {"constraint": {name: _time(value) for name, value in times.items()}}
    return {}


def _time(value: dt.time) -> str:
    return value.isoformat() if value.tzinfo else f"{value.isoformat()}Z"


def _price(price: ModelPrice) -> Raw:
    return {key: _value(value) for key, value in price.__dict__.items() if value is not None}


def _value(value: Decimal | TieredPrices) -> Any:
    if isinstance(value, TieredPrices):
        tiers = [{"start": tier.start, "price": float(tier.price)} for tier in value.tiers]
        return {"base": float(value.base), "tiers": tiers}
    return float(value)
