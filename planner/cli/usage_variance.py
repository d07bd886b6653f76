"""`planner usage variance`: a log against the plan of a scenario, month by month."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from planner.catalog.catalog import installed
from planner.cli.inputs import NO_ANSWER, OK, InputError, add_day, day_of, read
from planner.cli.text import titled, wrapped
from planner.cli.usage_inputs import (
    MONTH,
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
    write_csv,
)
from planner.cli.usage_price import price_day
from planner.decision import present_variance as words
from planner.decision.evaluate import decide
from planner.decision.log_price import EmptyLog, as_it_was
from planner.decision.resolve import resolve
from planner.decision.variance import variance
from planner.decision.variance_plan import NoPlan, plan_of
from planner.decision.variance_values import Variance
from planner.domain.currency import written_in
from planner.domain.scenario import Scenario
from planner.report.usage_csv import variance_csv


def add_usage_variance(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner usage variance`."""
    add_log(parser)
    parser.add_argument("--plan", type=Path, required=True, metavar="SCENARIO", help="scenario file that was the plan")
    parser.add_argument("--option", required=True, metavar="ID", help="the option that was chosen")
    parser.add_argument(
        "--plan-from",
        default=None,
        metavar="DATE",
        help="first day of the plan's month 1: YYYY-MM-DD or YYYY-MM (the day of the prices)",
    )
    parser.add_argument("--from-month", default=None, metavar="YYYY-MM", help="first month that is compared")
    parser.add_argument(
        "--bill",
        action="append",
        default=[],
        metavar="YYYY-MM=USD",
        help="what a month really cost, for the days that the log covers; may be repeated",
    )
    add_day(parser)
    add_output(parser)
    parser.set_defaults(run=_variance)


def _variance(options: argparse.Namespace) -> int:
    log = read_log(options.profile)
    scenario = read(options.plan)
    mapping, wrong = model_map(options, log.rollup)
    bills, more = _bills(options)
    _, no_option = option_of(scenario, options.option)
    refuse([*wrong, *more, *no_option, *covers(options), *_months(options), *_calendar(log)])
    try:
        found = _compared(options, log, scenario, mapping, bills)
    except (EmptyLog, NoPlan) as error:
        raise InputError(str(error)) from error
    with written_in(scenario.currency if options.format == "table" else None):
        _print(options, found)
    if options.csv is not None:
        write_csv(options.csv, variance_csv(found))
    return OK if found.effects is not None else NO_ANSWER


def _compared(
    options: argparse.Namespace, log: Log, scenario: Scenario, mapping: dict[str, str], bills: dict[str, float]
) -> Variance:
    catalog = installed()
    facts = resolve(scenario, catalog, day_of(options))
    result = decide(scenario, facts).option(options.option)
    plan = plan_of(scenario, facts, result, first_on=_plan_from(options))
    found = as_it_was(log.rollup, catalog, mapping=mapping, on=price_day(options, log), covers=options.covers)
    return variance(found, plan, bills=bills or None, from_month=options.from_month)


def _bills(options: argparse.Namespace) -> tuple[dict[str, float], list[str]]:
    found, wrong = pairs(options.bill, "--bill", "YYYY-MM=USD")
    wrong += [f"--bill {month}={usd}: {month!r} is no month; write YYYY-MM." for month, usd in found.items()
              if not MONTH.fullmatch(month)]  # fmt: skip
    amounts, more = numbers(found, "--bill", "amount")
    return amounts, [*wrong, *more]


def _months(options: argparse.Namespace) -> list[str]:
    wrong = []
    if options.from_month is not None and not MONTH.fullmatch(options.from_month):
        wrong.append(f"--from-month {options.from_month}: write YYYY-MM.")
    try:
        _plan_from(options)
    except ValueError:
        wrong.append(f"--plan-from {options.plan_from}: write YYYY-MM-DD or YYYY-MM.")
    return wrong


def _calendar(log: Log) -> list[str]:
    if log.profile.has_calendar:
        return []
    return [f"{log.profile.name}: its times have no known date, so there is no month to hold against a plan."]


def _plan_from(options: argparse.Namespace) -> dt.date | None:
    text: str | None = options.plan_from
    if text is None:
        return None
    return dt.date.fromisoformat(f"{text}-01" if MONTH.fullmatch(text) else text)


def _print(options: argparse.Namespace, found: Variance) -> None:
    if options.format == "csv":
        sys.stdout.buffer.write(variance_csv(found))
    elif options.format == "json":
        print(found.model_dump_json(indent=2))
    else:
        print(variance_text(found))


def variance_text(found: Variance) -> str:
    """The difference, how near the plan was, and the tables."""
    tables = [words.cost_rows(found), words.volume_rows(found), words.class_rows(found)]
    return "\n".join(
        [*map(wrapped, words.variance_sentences(found)), *(titled(table) for table in tables if table.rows)]
    )
