"""FOCUS 1.2 billing rows: what was paid for tokens, an hour or a day or a month at a time."""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, TableReader
from planner.workload.readers.cells import NULL_INT, Cells
from planner.workload.readers.opened import coalesced, opened, texts
from planner.workload.readers.sql import seconds_between

DETAILS = ("ModelId", "TokenDirection", "TokenCacheAction")
"""Keys of SkuPriceDetails, in FOCUS's own examples of AI models."""
WORDY = ("SkuMeter", "ChargeDescription", "x_SkuMeterName", "x_UsageType", "x_SkuDescription")
UNITS = {1: ("token",), 1_000: ("ktoken", "1ktoken", "1000token"), 1_000_000: ("mtoken", "1mtoken", "1000000token")}
BARE = {1_000: ("1k", "1000"), 1_000_000: ("1m", "1000000")}
"""Units that leave the word out: they count when the meter says it."""
NOT_CACHED = ("uncached", "non-cached", "not cached", "no cache", "no-cache", "no_cache")
REGION = "^[A-Z]{2,4}[0-9]-"
METER_TAIL = (
    "(?i)[-_ ]*(mantle[-_ ]+)?(cached?[-_ ]+(read|write|creation)|"
    "((un|non[- ]?)?cached?[-_ ]+)?(input|output|inp|outp|prompt|completion))([-_ ].*)?$"
)
SKU_TAIL = "(?i)[-_ ]*(cached?|input|output|inp|outp)([-_ ].*)?$"


def select(cells: Cells) -> Mapping[str, str]:
    """Each row is one kind of token; its cost is what the usage cost, whatever it was paid with."""
    cells = opened(cells, "SkuPriceDetails", DETAILS)
    kind, tokens = _kind(cells), _tokens(cells)
    cells.reject(cells.first("SkuMeter", "ChargeDescription") or "", "says neither input nor output", f"{kind} = ''")

    def of(name: str) -> str:
        return f"CASE WHEN {kind} = '{name}' THEN {tokens} END"

    start, end = cells.instant("ChargePeriodStart"), cells.instant("ChargePeriodEnd")
    return {
        "started_us": start,
        "bucket_s": seconds_between(start, end),
        "model": _model(cells),
        "service_tier": _tier(cells),
        "context_tokens": "0",
        "fresh_input_tokens": of("input"),
        "cached_input_tokens": of("read"),
        "cache_write_tokens": of("write"),
        "cache_write_1h_tokens": of("write 1h"),
        "output_tokens": of("output"),
        "cost_nano": cells.nano("EffectiveCost", "BilledCost"),
        "currency": cells.text("BillingCurrency"),
    }


def is_tokens(cells: Cells) -> str:
    """Usage that is counted in tokens; credits, taxes, purchases and other services are not usage."""
    consumed, priced = (_factor(cells, unit) for unit in ("ConsumedUnit", "PricingUnit"))
    return f"(LOWER({cells.text('ChargeCategory')}) = 'usage' AND ({consumed} > 0 OR {priced} > 0))"


def _words(cells: Cells) -> str:
    """All that names the meter, in small letters; "uncached" and its like taken out."""
    found = [cells.text(name) for name in WORDY if cells.has(name)]
    words = "LOWER(" + (" || ' ' || ".join(found) or "''") + ")"
    for phrase in NOT_CACHED:
        words = f"REPLACE({words}, '{phrase}', '')"
    return words


def _tier(cells: Cells) -> str:
    """The tier that the meter names."""
    words = _words(cells)
    cases = " ".join(f"WHEN {words} LIKE '%{name}%' THEN '{name}'" for name in ("batch", "flex", "priority"))
    return f"CASE {cases} ELSE 'standard' END"


def _kind(cells: Cells) -> str:
    """input, output, read, write or write 1h; '' where nothing says it."""
    direction, action = (f"LOWER({cells.text(f'SkuPriceDetails.{key}')})" for key in DETAILS[1:])
    words = _words(cells)
    hour = " OR ".join(f"{words} LIKE '%{said}%'" for said in ("1h", "1-h", "1 h"))
    write = f"CASE WHEN {hour} THEN 'write 1h' ELSE 'write' END"
    return (
        f"CASE WHEN {direction} = 'output' THEN 'output' WHEN {action} = 'read' THEN 'read' "
        f"WHEN {action} = 'write' THEN {write} WHEN {direction} = 'input' THEN 'input' "
        f"WHEN {words} LIKE '%cache%write%' OR {words} LIKE '%cache%creation%' THEN {write} "
        f"WHEN {words} LIKE '%cache%' OR {words} LIKE '%cchd%' THEN 'read' "
        f"WHEN {words} LIKE '%outp%' OR {words} LIKE '%completion%' OR {words} LIKE '%generated%' THEN 'output' "
        f"WHEN {words} LIKE '%inp%' OR {words} LIKE '%prompt%' THEN 'input' ELSE '' END"
    )


def _factor(cells: Cells, unit: str) -> str:
    """Tokens in one of the unit; 0 for a unit that counts something else."""
    said = f"LOWER({cells.text(unit)})"
    for found, plain in ((" ", ""), (",", ""), ("million", "m"), ("thousand", "k"), ("tokens", "token")):
        said = f"REPLACE({said}, '{found}', '{plain}')"
    cases = [f"WHEN {said} = '{name}' THEN {factor}" for factor, found in UNITS.items() for name in found]
    about = f"{_words(cells)} LIKE '%token%'"
    cases += [f"WHEN {said} = '{n}' AND {about} THEN {factor}" for factor, found in BARE.items() for n in found]
    return f"CASE {' '.join(cases)} ELSE 0 END"


def _tokens(cells: Cells) -> str:
    """Consumed tokens; priced ones where the consumed unit counts something else."""
    cases = [
        f"WHEN {_factor(cells, unit)} = {factor} THEN {cells.scaled(factor, quantity)}"
        for quantity, unit in (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit"))
        for factor in UNITS
        if cells.has(quantity)
    ]
    return f"CASE {' '.join(cases)} END" if cases else NULL_INT


def _model(cells: Cells) -> str:
    """The model that the details name; else what the meter or the SKU has besides region and kind of token."""
    local = f"regexp_replace({cells.text('SkuMeter', 'x_SkuMeterName')}, '{REGION}', '')"
    meter = f"regexp_replace({local}, '{METER_TAIL}', '')"
    sku = f"regexp_replace({cells.text('SkuId')}, '{SKU_TAIL}', '')"
    named = coalesced(
        [f"NULLIF({value}, '')" for value in (texts(cells, ("SkuPriceDetails.ModelId",)), meter, sku)], ""
    )
    return f"COALESCE({named}, 'unnamed')"


FOCUS = TableReader(
    About(
        "focus",
        "FOCUS 1.2 billing rows",
        "bucket",
        cached_inside_input=False,
        source_url="https://focus.finops.org/focus-specification/v1-2/",
        checked="documentation",
        note=(
            "Only charges of category Usage that are counted in tokens. Requests are not in a bill. The cost is the "
            "effective cost; the billed one where there is no other."
        ),
    ),
    needs=frozenset({"ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "BilledCost", "BillingCurrency"}),
    select=select,
    where=is_tokens,
    owners={
        "team": ("Tags.team", "Tags.Team"),
        "project": ("Tags.project", "SubAccountName", "SubAccountId"),
        "key": ("CredentialId", "ResourceId"),
        "user": ("PrincipalId",),
    },
)
