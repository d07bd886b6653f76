"""From scenario and catalog to facts: look everything up once, and block what cannot be known."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from planner import __version__
from planner.catalog.catalog import Catalog
from planner.catalog.prices import PriceUnknown
from planner.cost.api import tier_for
from planner.decision.rented_evidence import typed_evidence
from planner.decision.resolve_rented import resolve_owned, resolve_rented
from planner.domain.evidence import Evidence
from planner.domain.facts import BlockedFacts, Facts, OptionFacts, PerTokenFacts, Reason, TypedFacts
from planner.domain.options import (
    ApiOption,
    HostedOption,
    HybridOption,
    Option,
    OwnedOption,
    PerTokenOption,
    ProvisionedOption,
    RentedOption,
    TypedTokenPrice,
    WorkstationOption,
)
from planner.domain.prices import LongTier, PricePeriod, RateCard, TokenPrices
from planner.domain.scenario import Scenario
from planner.domain.workload import Workload
from planner.workload.demand import class_arrays

LATENCY_NOTE = "Its latency is the provider's: the latency target is not checked against it."


def resolve(scenario: Scenario, catalog: Catalog, on: dt.date) -> Facts:
    """Prices, specifications and throughput for every option on the day `on`; month 1 starts there."""
    found = {o.option_id: _resolve_option(o, scenario, catalog, on) for o in scenario.options}
    return Facts(
        on=on,
        engine_version=__version__,
        catalog_version=catalog.version,
        options=tuple(_with_parts(option, found) for option in scenario.options),
    )


def _resolve_option(option: Option, scenario: Scenario, catalog: Catalog, on: dt.date) -> OptionFacts:
    where = f"options[{option.option_id}]"
    match option:
        case RentedOption():
            return resolve_rented(option, where, scenario, catalog.tables)
        case OwnedOption():
            return resolve_owned(option, where, scenario, catalog.tables)
        case ProvisionedOption() | WorkstationOption():
            warnings = (LATENCY_NOTE,) if isinstance(option, ProvisionedOption) else ()
            return TypedFacts(option_id=option.option_id, evidence=typed_evidence(option), warnings=warnings)
        case HybridOption():
            return TypedFacts(option_id=option.option_id)
        case ApiOption() | HostedOption():
            return _resolve_per_token(option, scenario, catalog, on)


def _with_parts(option: Option, found: dict[str, OptionFacts]) -> OptionFacts:
    """An option made of others is blocked with them, and rests on their evidence."""
    facts = found[option.option_id]
    if not isinstance(facts, TypedFacts):
        return facts
    parts = _parts(option)
    blocked = [(field, name) for field, name in parts if isinstance(found[name], BlockedFacts)]
    evidence = (*facts.evidence, *(item for _, name in parts for item in found[name].evidence))
    if not blocked:
        return facts.model_copy(update={"evidence": evidence})
    reasons = tuple(
        Reason(
            code="PART_BLOCKED",
            message=f"It uses {name}, which cannot be priced.",
            field=f"options[{option.option_id}].{field}",
            remedy=f"See the reasons of {name}, or name another option.",
        )
        for field, name in blocked
    )
    return BlockedFacts(option_id=option.option_id, reasons=reasons, evidence=evidence)


def _parts(option: Option) -> list[tuple[str, str]]:
    """Field and option_id of the options that it uses."""
    if isinstance(option, HybridOption):
        return [("base_id", option.base_id), ("overflow_id", option.overflow_id)]
    if isinstance(option, ProvisionedOption) and option.overflow_id is not None:
        return [("overflow_id", option.overflow_id)]
    return []


def _resolve_per_token(option: PerTokenOption, scenario: Scenario, catalog: Catalog, on: dt.date) -> OptionFacts:
    where = f"options[{option.option_id}]"
    if option.price is not None:
        return _typed(option, option.price, scenario.workload, where)
    try:
        listed = catalog.token_prices(option.provider, option.model, on, scenario.horizon_months)
    except PriceUnknown as unknown:
        reason = unknown.reason
        moved = Reason(code=reason.code, message=reason.message, field=f"{where}.{reason.field}", remedy=reason.remedy)
        return BlockedFacts(option_id=option.option_id, reasons=(moved,))
    evidence = tuple(
        _listed_evidence(listed.source, period, name, value)
        for period in listed.periods
        for name, value in rates_used(period.prices, scenario.workload)
    )
    reasons = [
        *_context_reasons(option, scenario.workload, listed.context_tokens, where),
        *_batch_reasons(scenario.workload, listed.has_batch, option.model),
    ]
    if reasons:
        return BlockedFacts(option_id=option.option_id, reasons=tuple(reasons), evidence=evidence)
    return PerTokenFacts(
        option_id=option.option_id,
        periods=listed.periods,
        evidence=evidence,
        warnings=(*listed.warnings, LATENCY_NOTE),
    )


def _listed_evidence(source: Evidence, period: PricePeriod, name: str, value: Decimal) -> Evidence:
    """One listed rate with the source of its list."""
    note = "" if period.from_month == 1 else f"announced: in force from month {period.from_month}"
    return source.model_copy(update={"label": f"{source.label}, {name}", "value": f"{value:f}", "note": note})


def rates_used(prices: TokenPrices, workload: Workload) -> list[tuple[str, Decimal]]:
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
            found |= {f"{kind}{name}{above}": value for name, value in _named(tier.rates if tier else offer[0])}
    return list(found.items())


def _named(card: RateCard) -> list[tuple[str, Decimal]]:
    rates = (
        ("input", card.input_usd_per_mtok),
        ("output", card.output_usd_per_mtok),
        ("cached input", card.cached_input_usd_per_mtok),
        ("cache write", card.cache_write_usd_per_mtok),
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


def _typed(option: PerTokenOption, price: TypedTokenPrice, workload: Workload, where: str) -> OptionFacts:
    prices = typed_token_prices(price)
    evidence = tuple(
        price.provenance.evidence(f"{option.label}, {name}", f"{value:f}", "USD per 1M tokens")
        for name, value in rates_used(prices, workload)
    )
    reasons = _batch_reasons(workload, prices.batch_rates is not None, f"{where}.price")
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
    def times(value: Decimal | None, factor: float) -> Decimal | None:
        return None if value is None else (value * Decimal(repr(factor))).quantize(Decimal("1e-8")).normalize()

    return RateCard.model_validate(
        {
            "input_usd_per_mtok": times(card.input_usd_per_mtok, on_input),
            "output_usd_per_mtok": times(card.output_usd_per_mtok, on_output),
            "cached_input_usd_per_mtok": times(card.cached_input_usd_per_mtok, on_input),
            "cache_write_usd_per_mtok": times(card.cache_write_usd_per_mtok, on_input),
        }
    )
