"""`planner catalog`: check the tables, list ids, show one row and its history, look for new prices."""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from planner.catalog import fx
from planner.catalog.catalog import DATA_DIR, Catalog, installed, load, local_folder
from planner.catalog.claims import ClaimRow, load_claims
from planner.catalog.listing import TABLES
from planner.catalog.plausibility import odd_prices
from planner.catalog.rows import ApiPriceRow, GpuPriceRow, Row
from planner.cli.catalog_show import add_history, add_show
from planner.cli.inputs import NO_ANSWER, OK, InputError, add_day, day_of, folder_of
from planner.cli.models import add_import_model
from planner.cli.refresh import add_refresh
from planner.cli.text import table_text
from planner.domain.freshness import STALE_DAYS, age_days
from planner.domain.nearest import did_you_mean
from planner.format import plural

SOON_DAYS = 90
"""A model that goes within these days is called soon retired."""
CHECKED = ("Table", "Rows", "With a source URL", "Median age, days", f"Older than {STALE_DAYS} days", "Oldest")
LISTS = (
    "providers",
    "models",
    "api-prices",
    "gpus",
    "gpu-prices",
    "servers",
    "open-models",
    "formats",
    "licences",
    "defaults",
)


def add_catalog(parser: argparse.ArgumentParser) -> None:
    """The commands under `planner catalog`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="read and check every row, shipped and added here")
    check.add_argument("--data", type=Path, default=DATA_DIR, help="folder with the tables")
    check.add_argument("--local", type=Path, default=None, help="folder with the rows added here (PLANNER_CATALOG)")
    add_day(check)
    check.set_defaults(run=_check)
    listing = commands.add_parser("list", help="ids to use in a scenario, and prices")
    listing.add_argument("what", choices=LISTS)
    listing.add_argument("--provider", help="for models, api-prices and gpu-prices: whose")
    listing.set_defaults(run=_list)
    add_show(commands.add_parser("show", help="one row, its source and its history"))
    add_history(commands.add_parser("history", help="what a thing has cost and will cost, from which day on"))
    add_refresh(commands.add_parser("refresh", help="look for new prices; adds them only when told to"))
    rate = commands.add_parser("fx", help="a currency's dated ECB rate, as lines for a scenario file")
    rate.add_argument("code", help="three letters, e.g. EUR")
    add_day(rate)
    rate.set_defaults(run=_fx)
    add_import_model(commands.add_parser("import-model", help="a model that is not here, from its config.json"))


def _check(options: argparse.Namespace) -> int:
    """Read everything; bad rows end in CatalogError, which names each of them."""
    on = day_of(options)
    data = folder_of(options.data, "--data", must_exist=True)
    local = options.local and folder_of(options.local, "--local", must_exist=True)
    catalog = load(data, local or folder_of(local_folder(), "PLANNER_CATALOG", must_exist=False), on)
    claims = load_claims(data)
    tables = [(spec.key, spec.rows(catalog.tables)) for spec in TABLES]
    rows = [
        *(_checked(name, found, on) for name, found in tables),
        (ClaimRow.FILE.removesuffix(".csv"), *_count(claims)),
    ]
    print(table_text(CHECKED, rows))
    print(_retirements(catalog, on))
    odd = odd_prices(catalog.tables, on)
    for sentence in odd:
        print(f"planner: {sentence}", file=sys.stderr)
    state = f"{plural(len(odd), 'price')} to look at" if odd else "every row is good"
    print(f"{sum(len(found) for _, found in tables) + len(claims):,} rows: {state}. {catalog.version}")
    return NO_ANSWER if odd else OK


def _count(claims: Sequence[Row]) -> tuple[str, ...]:
    return (f"{len(claims):,}", "-", "-", "-", "-")


def _checked(name: str, rows: Sequence[Row], on: dt.date) -> tuple[str, ...]:
    """How many rows a table has, how many of them have a source address, and how old they are."""
    dated = [as_of for row in rows if (as_of := getattr(row, "as_of", None))]
    ages = [age for as_of in dated if (age := age_days(as_of, on)) is not None]
    sourced = sum(bool(getattr(row, "source_url", "")) for row in rows)
    has_sources = bool(rows) and "source_url" in type(rows[0]).model_fields
    return (
        name,
        f"{len(rows):,}",
        f"{sourced / len(rows):.0%}" if has_sources else "-",
        f"{statistics.median(ages):.0f}" if ages else "-",
        f"{sum(age > STALE_DAYS for age in ages):,}" if ages else "-",
        min(dated) if dated else "-",
    )


def _retirements(catalog: Catalog, on: dt.date) -> str:
    """How many models are gone or will be soon."""
    tables = catalog.tables
    names = {(r.provider, r.model) for r in tables.retirements} | {(r.provider, r.model) for r in tables.api_prices}
    days = [day for name in names if (day := catalog.prices.retires_on(*name, on)) is not None]
    gone = sum(day <= on for day in days)
    soon = sum(on < day <= on + dt.timedelta(days=SOON_DAYS) for day in days)
    return f"{gone:,} models at providers are retired, {soon:,} more will be within {SOON_DAYS} days."


def _list(options: argparse.Namespace) -> int:
    catalog = installed()
    _known_provider(catalog, options.what, options.provider)
    if options.what == "models":
        print("\n".join(_models(catalog, options.provider)))
    elif options.what == "providers":
        print("\n".join(catalog.providers()))
    else:
        print(table_text((), _rows(catalog, options.what, options.provider)))
    return OK


def _fx(options: argparse.Namespace) -> int:
    try:
        print(fx.fx_text(options.code, day_of(options)))
    except fx.FxUnknown as error:
        raise InputError(str(error)) from error
    return OK


def _models(catalog: Catalog, provider: str | None) -> Sequence[str]:
    if provider is None:
        raise InputError("catalog list models: say whose with --provider, e.g. --provider openai.")
    return catalog.models(provider)


def _known_provider(catalog: Catalog, what: str, provider: str | None) -> None:
    """InputError for a provider without a row: an empty list would read as if it had no prices."""
    if provider is None:
        return
    match what:
        case "api-prices":
            known = {row.provider for row in catalog.tables.api_prices}
        case "gpu-prices":
            known = {row.provider for row in catalog.tables.gpu_prices}
        case _:
            known = set(catalog.providers())
    if provider not in known:
        hint = did_you_mean(provider, sorted(known), f"There are {', '.join(sorted(known))}.")
        raise InputError(f"catalog list {what}: there is no provider {provider!r}. {hint}")


def _rows(catalog: Catalog, what: str, provider: str | None) -> list[tuple[str, ...]]:
    """Id, name and what else helps to choose, for each row of a table."""
    tables = catalog.tables
    match what:
        case "api-prices":
            return [_api_price(row) for row in tables.api_prices if provider in (None, row.provider)]
        case "gpu-prices":
            return [_gpu_price(row) for row in tables.gpu_prices if provider in (None, row.provider)]
        case "gpus":
            return [(r.gpu_id, r.name, f"{r.memory_gb_label:g} GB") for r in tables.gpus]
        case "servers":
            return [(r.server_id, r.name, f"{r.usd_per_server:,.0f} USD", r.as_of) for r in tables.server_prices]
        case "open-models":
            return [(r.model_id, r.name, r.hf_id) for r in tables.models]
        case "formats":
            return [(r.format_id, r.name, f"{r.bits_per_weight:g} bits per weight") for r in tables.formats]
        case "licences":
            return [(r.licence_id, r.name, _commercial(r.commercial_allowed)) for r in tables.licences]
        case _:
            return [(r.parameter, f"{r.value:g} {r.unit}", r.as_of) for r in tables.defaults]


def _commercial(allowed: bool) -> str:
    return "commercial use allowed" if allowed else "no commercial use"


def _api_price(row: ApiPriceRow) -> tuple[str, ...]:
    price = f"{row.input_usd_per_mtok:f} / {row.output_usd_per_mtok:f} USD per 1M tokens in / out"
    return f"api_prices/{row.price_id}", row.provider, row.model, price, row.as_of


def _gpu_price(row: GpuPriceRow) -> tuple[str, ...]:
    return row.price_id, f"{row.usd_per_gpu_hour:g} USD per GPU-hour", row.term, row.as_of
