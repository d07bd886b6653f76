"""Facts of a per-token option: its prices by month, listed, contracted or typed in, and what they cannot do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from planner.catalog.catalog import Catalog
from planner.catalog.contracted_prices import focus_note
from planner.catalog.price_terms import ListedPrices, PriceSource, PriceUnknown, in_out, scaled
from planner.catalog.rows import ApiCheckRow
from planner.cost.api import tier_for
from planner.domain.evidence import Evidence
from planner.domain.facts import BlockedFacts, OptionFacts, PerTokenFacts, Reason
from planner.domain.options import PerTokenOption, TypedTokenPrice
from planner.domain.prices import CacheLife, LongTier, PricePeriod, RateCard, TokenPrices
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass, Workload
from planner.workload.demand import class_arrays

LATENCY_NOTE = "Its latency is the provider's: the latency target is not checked against it."


EXPLAINED = ("other is stale", "other offer")
"""Findings that leave no doubt about the price used."""


def resolve_per_token(
    option: PerTokenOption, where: str, scenario: Scenario, catalog: Catalog, on: dt.date
) -> OptionFacts:
    """Prices of every month from `on`, with the source of each rate that the workload pays."""
    if option.price is not None:
        return _typed(option, option.price, scenario.workload, where)
    try:
        listed = catalog.token_prices(
            option.provider,
            option.model,
            on,
            scenario.horizon_months,
            region=option.region,
            service_tier=option.service_tier,
        )
    except PriceUnknown as unknown:
        reason = unknown.reason
        moved = Reason(code=reason.code, message=reason.message, field=f"{where}.{reason.field}", remedy=reason.remedy)
        return BlockedFacts(option_id=option.option_id, reasons=(moved,))
    evidence = (*_listed_evidence(option, listed, scenario.workload), *_second_opinions(listed))
    reasons = [
        *_context_reasons(option, scenario.workload, listed.context_tokens, where),
        *_batch_reasons(scenario.workload, listed.has_batch, option.model),
        *_cache_life_reasons(option, [p.prices for p in listed.periods], scenario.workload, where),
    ]
    if reasons:
        return BlockedFacts(option_id=option.option_id, reasons=tuple(reasons), evidence=evidence)
    return PerTokenFacts(
        option_id=option.option_id,
        periods=listed.periods,
        evidence=evidence,
        warnings=(*listed.warnings, *_disagreements(listed), LATENCY_NOTE),
    )


def _listed_evidence(option: PerTokenOption, listed: ListedPrices, workload: Workload) -> Iterator[Evidence]:
    """Every rate that is paid, with the source of its list or contract."""
    for period, source in zip(listed.periods, listed.sources, strict=True):
        on_the_list = dict(_rates(source.list_prices, workload, option))
        for name, value in _rates(period.prices, workload, option):
            yield source.evidence.model_copy(
                update={
                    "label": f"{source.evidence.label}, {name}",
                    "value": f"{value:f}",
                    "note": _note(period, source, name, on_the_list.get(name)),
                }
            )


def _rates(prices: TokenPrices | None, workload: Workload, option: PerTokenOption) -> list[tuple[str, Decimal]]:
    return [] if prices is None else rates_used(prices, workload, option.cache_write_ttl)


def _note(period: PricePeriod, source: PriceSource, name: str, listed: Decimal | None) -> str:
    later = "" if period.from_month == 1 else f"announced: in force from month {period.from_month}"
    contract = focus_note(source.contract, name, listed) if source.contract else ""
    return ". ".join(filter(None, (later, contract, source.evidence.note)))


def _second_opinions(listed: ListedPrices) -> Iterator[Evidence]:
    """The figures of sources that are too far from the list price: not used, but shown."""
    for check in listed.checks:
        for name, value in (("input", check.input_usd_per_mtok), ("output", check.output_usd_per_mtok)):
            yield Evidence(
                label=f"{listed.source.label}, {name}, according to {check.checked_by}",
                value=f"{value.normalize():f}",
                unit=f"not used; {listed.source.unit}",
                origin=check.origin,
                source=check.source,
                source_url=check.source_url,
                as_of=check.as_of,
                confidence=check.confidence,
                note=f"{check.finding}: {check.explanation}",
                row=f"api_price_checks/{check.check_id}",
            )


def _disagreements(listed: ListedPrices) -> Iterator[str]:
    """What to check before relying on the price; a source that is plainly older stands among the sources alone."""
    for check in listed.checks:
        if check.finding in EXPLAINED:
            continue
        first = listed.sources[0]
        prices = listed.periods[0].prices if first.contract is None else first.list_prices
        ours = "" if prices is None else in_out(prices.rates)
        yield (
            f"Sources differ on {listed.source.label}: {ours} per 1M tokens in / out here ({_short(first, listed)}), "
            f"{_said(check)} according to {_named_and_dated(check)}. "
            f"{check.finding.capitalize()}: {check.explanation}"
        )


def _short(source: PriceSource, listed: ListedPrices) -> str:
    return "the list price" if source.contract else listed.source.source


def _named_and_dated(check: ApiCheckRow) -> str:
    return check.checked_by if check.as_of in check.checked_by else f"{check.checked_by} ({check.as_of})"


def _said(check: ApiCheckRow) -> str:
    return f"${check.input_usd_per_mtok.normalize():f} / ${check.output_usd_per_mtok.normalize():f}"


def rates_used(prices: TokenPrices, workload: Workload, life: CacheLife = "5m") -> list[tuple[str, Decimal]]:
    """Every rate that a request of this workload pays: name and USD per 1M tokens, each once."""
    found: dict[str, Decimal] = {}
    for task in workload.classes:
        standard = (prices.rates, prices.long_tiers) if task.batch_fraction < 1 else None
        batch = (prices.batch_rates, prices.batch_long_tiers) if task.batch_fraction > 0 else None
        for kind, offer in (("", standard), ("batch ", batch)):
            if offer is None or offer[0] is None:
                continue
            tier = tier_for(offer[1], task.prompt_tokens)
            above = f" above {tier.above_tokens:,} prompt tokens" if tier else ""
            named = _named(tier.rates if tier else offer[0], task, life)
            found |= {f"{kind}{name}{above}": value for name, value in named}
    return list(found.items())


def _named(card: RateCard, task: TaskClass, life: CacheLife) -> list[tuple[str, Decimal]]:
    rates = (
        ("input", card.input_usd_per_mtok),
        ("output", card.output_usd_per_mtok),
        ("cached input", card.cached_input_usd_per_mtok),
        ("cache write" if life == "5m" else "one-hour cache write", card.cache_write_rate(life)),
        ("reasoning", card.reasoning_usd_per_mtok if task.reasoning_tokens else None),
    )
    return [(name, value.normalize()) for name, value in rates if value is not None]


def _context_reasons(option: PerTokenOption, workload: Workload, limit: int | None, where: str) -> list[Reason]:
    """CONTEXT for each class whose mean request, in the model's own tokens (API-8), is longer than it allows."""
    if limit is None:
        return []
    arrays = class_arrays(workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    lengths = (arrays.prompt_tokens + arrays.generated_tokens).tolist()
    return [
        Reason(
            code="CONTEXT",
            message=f"A request of class {c.class_id!r} has {length:,.0f} tokens; {option.model} takes {limit:,}.",
            field=f"{where}.model",
            remedy="Choose a model with a longer context, or shorten the prompt.",
        )
        for c, length in zip(workload.classes, lengths, strict=True)
        if length > limit
    ]


def _batch_reasons(workload: Workload, has_batch: bool, model: str) -> list[Reason]:
    """API-3: a missing batch offer is said, never priced as standard in silence."""
    if has_batch:
        return []
    return [
        Reason(
            code="BATCH_UNAVAILABLE",
            message=f"Class {c.class_id!r} sends {c.batch_fraction:.0%} of its requests in batch; there is no "
            f"batch price for {model}.",
            field=f"workload.classes[{c.class_id}].batch_fraction",
            remedy="Set batch_fraction to 0, or type in a price with its batch discount.",
        )
        for c in workload.classes
        if c.batch_fraction > 0
    ]


def _cache_life_reasons(
    option: PerTokenOption, prices: list[TokenPrices], workload: Workload, where: str
) -> list[Reason]:
    """API-2: caches written for one hour need a price for that; the five-minute one is never taken in silence."""
    writes = any(c.cache_write_tokens or (option.cache_ttl_s and c.cached_input_tokens) for c in workload.classes)
    if option.cache_write_ttl == "5m" or not writes or all(_has_one_hour(found, workload) for found in prices):
        return []
    return [
        Reason(
            code="PRICE_UNKNOWN",
            message=f"{option.model} has no price for caches that are kept one hour.",
            field=f"{where}.cache_write_ttl",
            remedy="Set cache_write_ttl to 5m, or type in the price with its one-hour cache writes.",
        )
    ]


def _has_one_hour(prices: TokenPrices, workload: Workload) -> bool:
    standard = any(c.batch_fraction < 1 for c in workload.classes)
    batch = any(c.batch_fraction > 0 for c in workload.classes)
    cards = [prices.rates] if standard else []
    cards += [prices.batch_rates] if batch and prices.batch_rates is not None else []
    return all(card.cache_write_1h_usd_per_mtok is not None for card in cards)


def _typed(option: PerTokenOption, price: TypedTokenPrice, workload: Workload, where: str) -> OptionFacts:
    prices = typed_token_prices(price)
    evidence = tuple(
        price.provenance.evidence(f"{option.label}, {name}", f"{value:f}", "USD per 1M tokens")
        for name, value in rates_used(prices, workload, option.cache_write_ttl)
    )
    reasons = [
        *_batch_reasons(workload, prices.batch_rates is not None, f"{where}.price"),
        *_cache_life_reasons(option, [prices], workload, where),
    ]
    if reasons:
        return BlockedFacts(option_id=option.option_id, reasons=tuple(reasons), evidence=evidence)
    periods = (PricePeriod(from_month=1, prices=prices),)
    return PerTokenFacts(option_id=option.option_id, periods=periods, evidence=evidence, warnings=(LATENCY_NOTE,))


def typed_token_prices(price: TypedTokenPrice) -> TokenPrices:
    """A typed price as rate cards: the long-context multipliers and the batch discount applied once, exactly."""
    base = RateCard(
        input_usd_per_mtok=price.input_usd_per_mtok,
        output_usd_per_mtok=price.output_usd_per_mtok,
        cached_input_usd_per_mtok=price.cached_input_usd_per_mtok,
        cache_write_usd_per_mtok=price.cache_write_usd_per_mtok,
        cache_write_1h_usd_per_mtok=price.cache_write_1h_usd_per_mtok,
        reasoning_usd_per_mtok=price.reasoning_usd_per_mtok,
    )
    tiers: tuple[LongTier, ...] = ()
    if price.long_context_threshold_tokens is not None:
        long_rates = _scaled(base, price.long_input_multiplier, price.long_output_multiplier)
        tiers = (LongTier(above_tokens=price.long_context_threshold_tokens, rates=long_rates),)
    if price.batch_discount_fraction == 0:
        return TokenPrices(rates=base, long_tiers=tiers)
    left = 1 - price.batch_discount_fraction
    return TokenPrices(
        rates=base,
        long_tiers=tiers,
        batch_rates=_scaled(base, left, left),
        batch_long_tiers=tuple(
            LongTier(above_tokens=t.above_tokens, rates=_scaled(t.rates, left, left)) for t in tiers
        ),
    )


def _scaled(card: RateCard, on_input: float, on_output: float) -> RateCard:
    return scaled(card, Decimal(repr(on_input)), Decimal(repr(on_output)))
