"""What commands have in common: exit codes, the scenario file and the day of the prices."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from planner.domain.base import FIRST_DAY, LAST_DAY
from planner.domain.document import parse_scenario
from planner.domain.scenario import Scenario

OK, NO_ANSWER, BAD_INPUT = 0, 1, 2


class InputError(Exception):
    """Something the user gave cannot be used; the message says what, where and the way out."""


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """The arguments of every command that answers a scenario."""
    parser.add_argument("scenario", type=Path, help="scenario file, YAML or JSON; - reads standard input")
    add_day(parser)


def add_day(parser: argparse.ArgumentParser) -> None:
    """The day of the prices."""
    parser.add_argument("--on", type=_day, default=None, metavar="DATE", help="day of the prices, YYYY-MM-DD (today)")


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise argparse.ArgumentTypeError(f"{day} is not between {FIRST_DAY} and {LAST_DAY}")
    return day


def day_of(options: argparse.Namespace) -> dt.date:
    """The day of the prices, today (UTC) unless it was given."""
    given: dt.date | None = options.on
    return given or dt.datetime.now(dt.UTC).date()


def folder_of(path: Path, option: str, *, must_exist: bool) -> Path:
    """A folder that was typed; InputError when something else is there, or nothing where there has to be one."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path}: this is a file. Give the folder that it is in.")
    if must_exist and not path.exists():
        raise InputError(f"{option} {path}: there is no such folder. Give one that exists, or leave {option} out.")
    return path


def read(path: Path) -> Scenario:
    """The scenario in a file, or on standard input for `-`."""
    if str(path) == "-":
        return parse_scenario(sys.stdin.buffer.read(), name="standard input")
    try:
        return parse_scenario(path.read_bytes(), name=path.name)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(
            f"{path}: {reason}. Give the path of a scenario file, such as data/workloads/*.yaml."
        ) from error
