"""What the commands over a kept log have in common: the profile with its rollup, names of models, the option asked."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from planner.cli.inputs import InputError, read
from planner.domain.base import FIRST_DAY, LAST_DAY
from planner.domain.nearest import did_you_mean
from planner.domain.options import Option
from planner.domain.scenario import Scenario
from planner.domain.usage import UsageProfile
from planner.usage.errors import UsageError
from planner.usage.kept import PROFILE, ROLLUP, load, read_profile, read_rollup, usage_folder
from planner.workload.rollup import Rollup

MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)
Pairs = dict[str, str]


class Log(NamedTuple):
    """A kept log."""

    profile: UsageProfile
    rollup: Rollup


def add_log(parser: argparse.ArgumentParser) -> None:
    """The log, how its models are named in the catalog, and which days it is of."""
    parser.add_argument("profile", help="profile that `usage import --out` wrote, or the id of a kept import")
    parser.add_argument(
        "--model-map",
        action="append",
        default=[],
        metavar="NAME=PROVIDER/MODEL",
        help="offer that a model name of the log stands for; may be repeated",
    )
    parser.add_argument(
        "--covers",
        nargs=2,
        type=_day,
        default=None,
        metavar=("FIRST", "LAST"),
        help="whole days that the export is of (from its first to its last minute)",
    )


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from None


def add_output(parser: argparse.ArgumentParser) -> None:
    """How the answer is written."""
    parser.add_argument("--csv", type=Path, default=None, metavar="FILE", help="write the CSV table to this file too")
    parser.add_argument("--format", choices=["table", "json", "csv"], default="table", help="form of the output")


def read_log(given: str) -> Log:
    """The profile and its rollup: a file with `<stem>.rollup.parquet` beside it, or a kept import. InputError."""
    path = Path(given)
    try:
        if not path.suffix and not path.exists():
            return Log(*load(usage_folder(), given))
        beside = path.with_name(ROLLUP if path.name == PROFILE else f"{path.stem}.rollup.parquet")
        return Log(read_profile(path), read_rollup(beside))
    except UsageError as error:
        raise InputError(str(error)) from error


def pairs(texts: Iterable[str], option: str, example: str) -> tuple[Pairs, list[str]]:
    """`NAME=VALUE` texts, and what is wrong with the others. The last `=` counts: names may have one."""
    found: Pairs = {}
    wrong = []
    for text in texts:
        name, sign, value = text.rpartition("=")
        if not sign or not name.strip() or not value.strip():
            wrong.append(f"{option} {text}: write {example}.")
        elif name in found:
            wrong.append(f"{option} {text}: {name} is there twice.")
        else:
            found[name] = value.strip()
    return found, wrong


def model_map(options: argparse.Namespace, rollup: Rollup) -> tuple[Pairs, list[str]]:
    """The mapping of models, and what is wrong with it."""
    found, wrong = pairs(options.model_map, "--model-map", "NAME=PROVIDER/MODEL")
    names = rollup.labels["model"].names
    for name, target in found.items():
        if name not in names:
            hint = did_you_mean(name, names, f"It has {', '.join(names[:8])}.")
            wrong.append(f"--model-map {name}={target}: the log has no model {name!r}. {hint}")
        if "/" not in target:
            wrong.append(f"--model-map {name}={target}: write PROVIDER/MODEL after the sign.")
    return found, wrong


def covers(options: argparse.Namespace) -> list[str]:
    """What is wrong with the days covered."""
    if options.covers is None:
        return []
    first, last = options.covers
    inside = FIRST_DAY <= first <= last <= LAST_DAY
    return [] if inside else [f"--covers {first} {last}: give the first and the last day, in this order."]


def option_of(scenario: Scenario, option_id: str) -> tuple[Option | None, list[str]]:
    """The option of an id, and what is wrong with it."""
    known = {option.option_id: option for option in scenario.options}
    if option_id in known:
        return known[option_id], []
    hint = did_you_mean(option_id, known, f"There are {', '.join(known)}.")
    return None, [f"--option {option_id}: the scenario has no such option. {hint}"]


def numbers(found: Pairs, option: str, what: str) -> tuple[dict[str, float], list[str]]:
    """The values as amounts of 0 or more, and what is wrong with the others."""
    amounts: dict[str, float] = {}
    wrong = []
    for name, text in found.items():
        try:
            amounts[name] = float(text)
        except ValueError:
            amounts[name] = -1.0
        if not 0 <= amounts[name] < float("inf"):
            wrong.append(f"{option} {name}={text}: {text!r} is no {what}; write a number of 0 or more.")
    return amounts, wrong


def scenario_of(path: Path | None) -> Scenario | None:
    """The scenario, when one is given."""
    return None if path is None else read(path)


def refuse(wrong: Sequence[str]) -> None:
    """InputError with everything that is wrong, a line for each."""
    if wrong:
        raise InputError("\n".join(wrong))


def write_csv(path: Path, content: bytes) -> None:
    """Whole or not at all; says on stderr what was written."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path}: {(error.strerror or 'cannot be written').lower()}. Choose another file.") from error
    print(f"{path}: {len(content):,} bytes", file=sys.stderr)
