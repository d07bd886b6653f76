"""The actual cost of a log, exactly from its rollup: each model at its own list price, or all of it on one offer.

A row of the rollup is priced by model, service tier, kind of token, long-context band and the price in force on its
day. What has no price is left out of the amount, counted, and told with the reason and the way out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from planner.catalog.catalog import Catalog
from planner.catalog.log_names import log_models
from planner.catalog.price_terms import Offer
from planner.decision.kernel.per_token import contract_of
from planner.decision.log_quotes import BATCH, Stretch, known_stretch, listed_stretches, quotes_for, unknown_stretch
from planner.decision.log_rows import Priced, Terms, priced
from planner.decision.log_time import Covers, LogTime, log_time
from planner.decision.resolve_per_token import typed_token_prices
from planner.domain.options import PerTokenOption
from planner.workload.rollup import Rollup
from planner.workload.usage_rows import PROMPT

EACH_DAY = "each day at its own"


class EmptyLog(ValueError):
    """There is nothing to price."""

    def __init__(self) -> None:
        super().__init__("The log has no rows. Import an export of a period with usage.")


class NoTokens(EmptyLog):
    """The log states money but no tokens: unknown, which is not 0."""

    def __init__(self) -> None:
        ValueError.__init__(
            self,
            "The log states no tokens, only what was billed: there is nothing to price. Import the usage export of the "
            "same period, alone or together with this one.",
        )


def as_it_was(
    rollup: Rollup,
    catalog: Catalog,
    *,
    mapping: Mapping[str, str] | None = None,
    on: dt.date | None = None,
    covers: Covers | None = None,
    tokens_needed: bool = True,
) -> Priced:
    """Each model of the log at its own list price, in force on its day, or on the one day `on`.

    `mapping` says `provider/model` for a name of the log. `tokens_needed` is false where only what the export
    billed is asked for. Raises EmptyLog, NoTokens.
    """
    time = _time(rollup, covers, tokens_needed=tokens_needed)
    found = log_models(rollup.labels["model"].names, catalog, mapping)

    def stretches(model: int, tier: str) -> tuple[Stretch, ...]:
        known = found[model]
        return listed_stretches(catalog, known.offer(), tier, time, on) if known.known else unknown_stretch(known)

    quotes = quotes_for(len(found), rollup.labels["service_tier"].names, time, stretches)
    return priced(rollup, time, Terms("each model at its own list price", _day(on), quotes, found))


def on_offer(
    rollup: Rollup, catalog: Catalog, offer: Offer, *, on: dt.date | None = None, covers: Covers | None = None
) -> Priced:
    """All of the log at one offer of the catalog: batch requests at its batch price, others at its own service tier.

    Raises EmptyLog.
    """
    time = _time(rollup, covers)
    quotes = quotes_for(
        len(rollup.labels["model"].names),
        rollup.labels["service_tier"].names,
        time,
        lambda model, tier: listed_stretches(catalog, offer, _tier(offer, tier), time, on),
    )
    return priced(rollup, time, Terms(f"all of it on {offer}", _day(on), quotes))


def on_option(
    rollup: Rollup,
    catalog: Catalog,
    option: PerTokenOption,
    *,
    on: dt.date | None = None,
    covers: Covers | None = None,
) -> Priced:
    """All of the log on a per-token option: its price, listed or typed in, its tokenizer (API-8) and its contract.

    Raises EmptyLog.
    """
    time = _time(rollup, covers)
    offer = Offer(option.provider, option.model, option.region, option.service_tier)
    typed = None if option.price is None else typed_token_prices(option.price)
    source = None if option.price is None else option.price.provenance.evidence(option.label, "", "USD per 1M tokens")

    def stretches(model: int, tier: str) -> tuple[Stretch, ...]:
        if typed is not None:
            return known_stretch(option.label, typed, tier, source)
        return listed_stretches(catalog, offer, _tier(offer, tier), time, on)

    contract = contract_of(option)
    terms = Terms(
        f"all of it on {option.label}",
        "the typed price" if typed is not None else _day(on),
        quotes_for(len(rollup.labels["model"].names), rollup.labels["service_tier"].names, time, stretches),
        contract=None if contract.plain else contract,
        ratios=(option.input_token_ratio, option.output_token_ratio),
    )
    return priced(rollup, time, terms)


def _tier(offer: Offer, tier: str) -> str:
    """What a row of another provider's tier pays here."""
    return BATCH if tier == BATCH else offer.service_tier


def _day(on: dt.date | None) -> str:
    return EACH_DAY if on is None else on.isoformat()


def _time(rollup: Rollup, covers: Covers | None, *, tokens_needed: bool = True) -> LogTime:
    if not rollup.size:
        raise EmptyLog
    if tokens_needed and all(rollup.total(name) is None for name in (*PROMPT, "output_tokens")):
        raise NoTokens
    return log_time(rollup, covers)
