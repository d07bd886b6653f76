"""`planner usage showback`: who pays a bill, by team, project, key or user; the parts add up to it to the cent."""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

from planner.catalog.catalog import Catalog, installed
from planner.cli.inputs import OK, InputError, add_day, day_of
from planner.cli.text import titled, wrapped
from planner.cli.usage_inputs import (
    Log,
    add_log,
    add_output,
    covers,
    model_map,
    numbers,
    option_of,
    pairs,
    read_log,
    refuse,
    scenario_of,
    write_csv,
)
from planner.cli.usage_price import price_day
from planner.decision import present_usage as words
from planner.decision.evaluate import decide
from planner.decision.log_fleet import NoBill, on_fleet
from planner.decision.log_price import EmptyLog, as_it_was, on_option
from planner.decision.resolve import resolve
from planner.decision.showback import BASES, Showback
from planner.decision.showback_log import (
    NoOwners,
    TokenWeights,
    fleet_showback,
    paid_seconds,
    tokens_showback,
    weights_of,
)
from planner.domain.facts import OwnedFacts, RentedFacts
from planner.domain.options import Option, PerTokenOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.report.usage_csv import showback_csv
from planner.units import money
from planner.workload.usage_scenario import NotUsableError, with_usage


def add_usage_showback(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner usage showback`."""
    add_log(parser)
    parser.add_argument("--bill", default=None, metavar="USD", help="the bill (the price of the log, or of the fleet)")
    parser.add_argument("--scenario", type=Path, default=None, metavar="FILE", help="scenario with the option")
    parser.add_argument("--option", default=None, metavar="ID", help="option of the scenario that served the log")
    parser.add_argument(
        "--basis",
        choices=BASES,
        default="weighted",
        help="usage: idle and shared stay with nobody; allocation: by what was set aside; weighted: spread (default)",
    )
    parser.add_argument(
        "--requested",
        action="append",
        default=[],
        metavar="OWNER=SHARE",
        help="share of the fleet (0 to 1) set aside for an owner; may be repeated",
    )
    parser.add_argument(
        "--output-weight",
        type=float,
        default=None,
        metavar="W",
        help="share out by tokens, an output token counting for W prompt tokens, in place of prices",
    )
    add_day(parser)
    add_output(parser)
    parser.set_defaults(run=_showback)


def _showback(options: argparse.Namespace) -> int:
    log = read_log(options.profile)
    scenario = scenario_of(options.scenario)
    mapping, wrong = model_map(options, log.rollup)
    requested, more = _requested(options)
    chosen, no_option = _option(options, scenario)
    bill, no_bill = _bill(options)
    refuse([*wrong, *more, *no_option, *no_bill, *covers(options), *_weight(options)])
    try:
        found = _shared(options, log, scenario, chosen, (bill, mapping, requested))
    except (EmptyLog, NoOwners, NoBill, NotUsableError, ValueError) as error:
        raise InputError(str(error)) from error
    if options.format == "csv":
        sys.stdout.buffer.write(showback_csv(found))
    elif options.format == "json":
        print(found.model_dump_json(indent=2))
    else:
        print("\n".join([*map(wrapped, words.showback_sentences(found)), titled(words.showback_rows(found))]))
    if options.csv is not None:
        write_csv(options.csv, showback_csv(found))
    return OK


_Given = tuple[Decimal | None, dict[str, str], dict[str, float]]
"""Bill, names of models, shares set aside."""


def _shared(
    options: argparse.Namespace, log: Log, scenario: Scenario | None, chosen: Option | None, given: _Given
) -> Showback:
    bill, mapping, requested = given
    catalog = installed()
    if scenario is not None and isinstance(chosen, SelfHosted):
        return _fleet(options, log, scenario, chosen, catalog, bill, requested)
    if options.output_weight is not None and bill is not None:
        return fleet_showback(log.rollup, bill, TokenWeights(1.0, options.output_weight), options.basis)
    on = price_day(options, log)
    if isinstance(chosen, PerTokenOption):
        found = on_option(log.rollup, catalog, chosen, on=on, covers=options.covers)
    else:
        found = as_it_was(log.rollup, catalog, mapping=mapping, on=on, covers=options.covers)
    return tokens_showback(found, options.basis, bill)


def _fleet(
    options: argparse.Namespace,
    log: Log,
    scenario: Scenario,
    chosen: SelfHosted,
    catalog: Catalog,
    bill: Decimal | None,
    requested: dict[str, float],
) -> Showback:
    """The fleet sized for the log itself, its bill for the log's days, and its machine time."""
    measured = with_usage(scenario, log.profile)
    facts = resolve(measured, catalog, day_of(options))
    result = decide(measured, facts).option(chosen.option_id)
    price = on_fleet(log.rollup, result, scenario.calendar, covers=options.covers)
    known = next(found for found in facts.options if found.option_id == chosen.option_id)
    if not isinstance(known, RentedFacts | OwnedFacts):
        raise NoBill(result)
    capacity = paid_seconds(result, scenario.calendar, price.days, requested or None)
    amount = money(price.usd or 0.0) if bill is None else bill
    return fleet_showback(log.rollup, amount, weights_of(chosen, known), options.basis, capacity)


def _option(options: argparse.Namespace, scenario: Scenario | None) -> tuple[Option | None, list[str]]:
    if scenario is None or options.option is None:
        together = (scenario is None) == (options.option is None)
        return None, [] if together else ["--scenario and --option: give both, or neither."]
    found, wrong = option_of(scenario, options.option)
    if found is not None and not isinstance(found, SelfHosted | PerTokenOption):
        wrong.append(
            f"--option {options.option}: who pays is known of per-token options and of fleets; for this one give the "
            "bill with --bill."
        )
    return found, wrong


def _requested(options: argparse.Namespace) -> tuple[dict[str, float], list[str]]:
    found, wrong = pairs(options.requested, "--requested", "OWNER=SHARE")
    amounts, more = numbers(found, "--requested", "share")
    if sum(amounts.values()) > 1 and not more:
        more.append(f"--requested: the shares add up to {sum(amounts.values()):g}; at most 1 is the whole fleet.")
    return amounts, [*wrong, *more]


def _bill(options: argparse.Namespace) -> tuple[Decimal | None, list[str]]:
    if options.bill is None:
        return None, []
    try:
        amount = Decimal(options.bill)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        return None, [f"--bill {options.bill}: write an amount of 0 or more in US dollars."]
    return money(amount), []


def _weight(options: argparse.Namespace) -> list[str]:
    weight: float | None = options.output_weight
    if weight is None:
        return []
    wrong = [] if 0 <= weight < float("inf") else [f"--output-weight {weight}: write a number of 0 or more."]
    return wrong if options.bill is not None else [*wrong, "--output-weight: give the bill too, with --bill USD."]
