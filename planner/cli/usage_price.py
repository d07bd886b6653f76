"""`planner usage price`: what a log cost, each model at its own list price, or all of it on one option or offer."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path

from planner.catalog.catalog import Catalog, installed
from planner.catalog.price_terms import Offer
from planner.cli.inputs import NO_ANSWER, OK, InputError, add_day, day_of
from planner.cli.text import titled, wrapped
from planner.cli.usage_inputs import (
    Log,
    add_log,
    add_output,
    covers,
    model_map,
    option_of,
    read_log,
    refuse,
    scenario_of,
    write_csv,
)
from planner.decision import present_usage as words
from planner.decision.evaluate import evaluate
from planner.decision.log_fleet import NoBill, on_fleet
from planner.decision.log_price import EmptyLog, as_it_was, on_offer, on_option
from planner.decision.log_reconcile import reconcile
from planner.decision.log_rows import Priced
from planner.decision.log_summary import summary
from planner.decision.log_values import LogPrice, Reconciliation
from planner.domain.options import Option, PerTokenOption
from planner.domain.scenario import Scenario
from planner.report.usage_csv import price_csv
from planner.workload.usage_scenario import NotUsableError, with_usage


def add_usage_price(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner usage price`."""
    add_log(parser)
    parser.add_argument("--scenario", type=Path, default=None, metavar="FILE", help="scenario with the option")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--option", default=None, metavar="ID", help="all of it on this option of the scenario")
    way.add_argument("--offer", default=None, metavar="PROVIDER/MODEL", help="all of it at this offer of the catalog")
    way.add_argument("--as-it-was", action="store_true", help="each model at its own list price (the default)")
    parser.add_argument("--by", choices=["model", "owner"], default="model", help="lines by model, or by owner too")
    add_day(parser)
    add_output(parser)
    parser.set_defaults(run=_price)


def _price(options: argparse.Namespace) -> int:
    log = read_log(options.profile)
    scenario = scenario_of(options.scenario)
    mapping, wrong = model_map(options, log.rollup)
    chosen, more = _chosen(options, scenario)
    refuse([*wrong, *covers(options), *more, *_owners(options, log)])
    catalog = installed()
    try:
        price, found = _answer(options, log, catalog, scenario, chosen, mapping)
    except (EmptyLog, NoBill, NotUsableError) as error:
        raise InputError(str(error)) from error
    dated = log.profile.has_calendar
    _print(options, price, found, dated=dated)
    if options.csv is not None:
        write_csv(options.csv, price_csv(price, dated=dated))
    return OK if price.usd is not None else NO_ANSWER


def _chosen(options: argparse.Namespace, scenario: Scenario | None) -> tuple[Option | None, list[str]]:
    """The option asked for, and what is wrong with asking for it."""
    if options.option is None:
        unused = scenario is not None
        return None, ["--scenario: say which of its options with --option."] if unused else []
    if scenario is None:
        return None, [f"--option {options.option}: give the scenario that it is in with --scenario FILE."]
    return option_of(scenario, options.option)


def _owners(options: argparse.Namespace, log: Log) -> list[str]:
    if options.by == "owner" and not any(log.rollup.labels["owner"].names):
        return [
            "--by owner: the log was imported without owners; import it again with --by team, project, key or user."
        ]
    return []


def _answer(
    options: argparse.Namespace,
    log: Log,
    catalog: Catalog,
    scenario: Scenario | None,
    chosen: Option | None,
    mapping: dict[str, str],
) -> tuple[LogPrice, Reconciliation | None]:
    """The price, and its reconciliation when the log states a cost of its own and models pay their own price."""
    by_owner = options.by == "owner"
    if scenario is not None and chosen is not None and not isinstance(chosen, PerTokenOption):
        result = evaluate(with_usage(scenario, log.profile), catalog, day_of(options)).option(chosen.option_id)
        return on_fleet(log.rollup, result, scenario.calendar, covers=options.covers), None
    found = _per_token(options, log, catalog, chosen, mapping)
    stated = bool(log.rollup.known["cost_nano"].any())
    return summary(found, by_owner=by_owner), reconcile(found) if stated else None


def _per_token(
    options: argparse.Namespace, log: Log, catalog: Catalog, chosen: Option | None, mapping: dict[str, str]
) -> Priced:
    on = price_day(options, log)
    if isinstance(chosen, PerTokenOption):
        return on_option(log.rollup, catalog, chosen, on=on, covers=options.covers)
    if options.offer is not None:
        return on_offer(log.rollup, catalog, _offer(options.offer, catalog), on=on, covers=options.covers)
    return as_it_was(log.rollup, catalog, mapping=mapping, on=on, covers=options.covers)


def price_day(options: argparse.Namespace, log: Log) -> dt.date | None:
    """The one day of all prices: as given, today for a log without a calendar, None for each day's own."""
    given: dt.date | None = options.on
    return given if given is not None or log.profile.has_calendar else day_of(options)


def _offer(text: str, catalog: Catalog) -> Offer:
    provider, _, model = text.partition("/")
    if model not in catalog.models(provider):
        raise InputError(
            f"--offer {text}: the catalog has no such offer. `planner catalog list models --provider PROVIDER` lists "
            "the names."
        )
    return Offer(provider, model)


def _print(options: argparse.Namespace, price: LogPrice, found: Reconciliation | None, *, dated: bool) -> None:
    if options.format == "csv":
        sys.stdout.buffer.write(price_csv(price, dated=dated))
    elif options.format == "json":
        reconciliation = None if found is None else found.model_dump(mode="json")
        print(json.dumps({"price": price.model_dump(mode="json"), "reconciliation": reconciliation}, indent=2))
    else:
        print(price_text(price, found, dated=dated))


def price_text(price: LogPrice, found: Reconciliation | None, *, dated: bool = True) -> str:
    """The amount, what is left out, lines, bills, prices, and the export's own cost."""
    tables = [
        words.line_rows(price),
        words.bill_rows(price),
        words.unpriced_rows(price),
        words.used_price_rows(price),
    ]
    said = map(wrapped, words.price_sentences(price, dated=dated))
    parts = [*said, *(titled(table) for table in tables if table.rows)]
    if found is not None:
        parts += [titled(words.reconciliation_rows(found)), *map(wrapped, found.notes)]
    return "\n".join(parts)
