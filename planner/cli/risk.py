"""`planner risk` and `planner sweep`: the answer over ranges, and over values of a driver."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import sys
from collections.abc import Iterator

from pydantic import ValidationError

from planner.catalog.catalog import installed
from planner.cli.inputs import NO_ANSWER, OK, InputError, add_scenario, day_of, read
from planner.cli.text import narrow, titled, wrapped
from planner.decision import present_risk as words
from planner.decision import present_risk_tables as tables
from planner.decision.present_currency import currency_sentence
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.decision.winner_map import Axis, axis, sweep
from planner.domain.currency import written_in
from planner.domain.risk import Risk, Sweep
from planner.domain.scenario import Scenario
from planner.units import money

POINTS, POINTS_BY = 25, 5
SPREAD_COLUMNS = ("Option", "Cheapest", "Monthly", "NPV mean", "Expected regret")


def add_risk(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner risk`."""
    add_scenario(parser)
    parser.add_argument("--draws", type=int, default=None, metavar="N", help="draws (the scenario's, or 10,000)")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="seed: the same seed, the same figures")
    parser.add_argument("--format", choices=["table", "json"], default="table", help="form of the output")
    parser.set_defaults(run=_risk)


def add_sweep(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner sweep`."""
    add_scenario(parser)
    parser.add_argument("--driver", required=True, help="what to vary: volume, peak, throughput, api_price, ...")
    parser.add_argument("--from", dest="low", type=float, default=None, metavar="A", help="first value")
    parser.add_argument("--to", dest="high", type=float, default=None, metavar="B", help="last value")
    parser.add_argument("--points", type=int, default=POINTS, metavar="N", help=f"number of values ({POINTS})")
    parser.add_argument(
        "--by", nargs="+", default=[], metavar="DRIVER", help=f"vary these too, {POINTS_BY} values each"
    )
    parser.add_argument("--format", choices=["csv", "json"], default="csv", help="form of the output")
    parser.set_defaults(run=_sweep)


def _risk(options: argparse.Namespace) -> int:
    scenario = read(options.scenario)
    facts = resolve(scenario, installed(), day_of(options))
    try:
        risk = assess(scenario, facts, draws=options.draws, seed=options.seed)
    except ValidationError as error:
        raise InputError(_bounds(error)) from None
    print(risk.model_dump_json(indent=2) if options.format == "json" else risk_text(scenario, risk, facts.on))
    return OK if risk.status == "known" else NO_ANSWER


def _bounds(error: ValidationError) -> str:
    """The first figure that is out of bounds."""
    first = error.errors()[0]
    message = first["msg"].replace("Input should be", "choose a number")
    return f"--{first['loc'][0]} {first['input']}: {message}."


def risk_text(scenario: Scenario, risk: Risk, on: dt.date) -> str:
    """Headline, spreads, what moves the difference, what is worth knowing, the probe and the ranges."""
    with written_in(scenario.currency):
        return _risk_text(scenario, risk, currency_sentence(scenario.currency, on))


def _risk_text(scenario: Scenario, risk: Risk, currency: str) -> str:
    parts = [scenario.name, *([wrapped(currency)] if currency else []), ""]
    parts += [wrapped(words.headline(risk)), *map(wrapped, words.support(risk))]
    if risk.status == "not_known":
        return "\n".join(parts)
    spreads = narrow(tables.spread_rows(risk), SPREAD_COLUMNS)
    shown = (spreads, tables.tornado_rows(risk), tables.worth_rows(risk))
    measuring = f"Is measuring worth it? {words.probe_title(risk)}"
    parts += [*map(titled, shown), "", measuring, "=" * len(measuring), *map(wrapped, words.probe_sentences(risk))]
    return "\n".join([*parts, titled(tables.range_rows(risk)), "", words.seed_note(risk)])


def _sweep(options: argparse.Namespace) -> int:
    scenario = read(options.scenario)
    try:
        axes = list(_axes(scenario, options))
        found = sweep(scenario, resolve(scenario, installed(), day_of(options)), axes)
    except ValueError as error:
        raise InputError(str(error)) from None
    if options.format == "json":
        print(found.model_dump_json(indent=2))
    else:
        _print_csv(scenario, found)
    return OK if any(found.recommended) else NO_ANSWER


def _axes(scenario: Scenario, options: argparse.Namespace) -> Iterator[Axis]:
    yield axis(scenario, options.driver, options.low, options.high, options.points)
    for name in options.by:
        yield axis(scenario, name, None, None, POINTS_BY)


def _print_csv(scenario: Scenario, found: Sweep) -> None:
    """A row for each point: drivers, NPV of every option (empty when it has no price), the recommendation."""
    names = [option.option_id for option in scenario.options]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*found.drivers, *(f"npv_usd[{name}]" for name in names), "recommended"])
    for values, npv, chosen in zip(found.values, found.npv_usd, found.recommended, strict=True):
        priced = {name: money(usd) for name, usd in zip(found.option_ids, npv, strict=True)}
        shown = [f"{value:.10g}" for value in values]
        writer.writerow([*shown, *(priced.get(name, "") for name in names), chosen or ""])
