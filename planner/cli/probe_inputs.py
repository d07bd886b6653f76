"""What was typed after `planner probe`, read together: the target, the task, and everything that is wrong with them."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from planner.cli.inputs import InputError
from planner.cli.probe_arguments import BUDGET, BUDGET_FLAG_OF, FLAG_OF, TASK, Argument
from planner.domain.probe_task import Budget, ProbeTask

T = TypeVar("T")
KEY_TYPED = (
    "--api-key: a key on the command line is seen by everybody on the machine. Put it into an environment variable and "
    "name that: --api-key-env NAME."
)
_LISTS = {"levels": int, "open_rates_per_s": float}
_WHOLE = frozenset(
    {
        *("input_tokens", "output_tokens", "most_in_flight", "repeats", "requests_per_slot", "least_requests"),
        *("requests", "tokens"),
    }
)
_WORDS = frozenset({"endpoint", "prompts"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class Problems:
    """Everything wrong with a command line, a line each; raised together."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """One more problem, once."""
        if line not in self.lines:
            self.lines.append(line)

    def has(self, *flags: str) -> bool:
        """Whether something was wrong with one of these already."""
        return any(line.startswith(flags) for line in self.lines)

    def attempt(self, make: Callable[[], T], flag: str) -> T | None:
        """What `make` gives, or None and one more problem of `flag`."""
        try:
            return make()
        except ValueError as error:
            self.add(f"{flag}: {error}")
            return None

    def raise_any(self) -> None:
        """InputError with all of them, when there is one."""
        if self.lines:
            raise InputError("\n  ".join(self.lines))


def fields_given(options: argparse.Namespace, arguments: Sequence[Argument], problems: Problems) -> dict[str, Any]:
    """The fields that were typed, read; what cannot be read is a problem."""
    given = vars(options)
    found: dict[str, Any] = {}
    for argument in arguments:
        text = given.get(place(argument.flag))
        if text is not None:
            value = problems.attempt(lambda a=argument, t=text: read_text(a.field, t), argument.flag)  # type: ignore[misc]
            if value is not None:
                found[argument.field] = value
    return found


def read_text(field: str, text: str) -> Any:
    """One value of a task or budget; ValueError says what to write."""
    if field in _WORDS:
        return text
    if field in _LISTS:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        values = [number(part, whole=_LISTS[field] is int) for part in parts]
        if not values:
            raise ValueError("it is empty. Write numbers with commas between them, such as 1,8,32.")
        return tuple(sorted(set(values)))
    return number(text, whole=field in _WHOLE)


def number(text: str, *, whole: bool) -> float | int:
    """A number as it was typed; ValueError says what to write."""
    written = text.strip().replace("_", "")
    try:
        return int(written) if whole else float(written)
    except ValueError:
        example = "a whole number such as 1500" if whole else "a number such as 2.5"
        raise ValueError(f"{text[:40]!r} is not {example}.") from None


def task_of(given: dict[str, Any], budget: dict[str, Any], problems: Problems) -> ProbeTask | None:
    """The task, or None with its problems told by their flags."""
    for field in ("input_tokens", "output_tokens"):
        if field not in given and not problems.has(FLAG_OF[field], "--scenario"):
            problems.add(f"{FLAG_OF[field]} is missing: give it, or a plan with --scenario FILE --option ID.")
    checked = _budget(budget, problems)
    if checked and checked.usd is not None and not priced(given):
        problems.add(
            "--max-usd: dollars cannot be counted without a price. Give --usd-per-gpu-hour with --gpu, or "
            "--input-usd-per-mtok and --output-usd-per-mtok."
        )
    try:
        return ProbeTask.model_validate(given | {"budget": checked or Budget()})
    except ValidationError as error:
        tell(error, FLAG_OF, problems)
        return None


def priced(given: dict[str, Any]) -> bool:
    """Whether dollars can be counted: by the hour, or both kinds of tokens."""
    by_token = {"input_usd_per_mtok", "output_usd_per_mtok"} <= {
        name for name, value in given.items() if value is not None
    }
    return given.get("usd_per_hour") is not None or by_token


def _budget(given: dict[str, Any], problems: Problems) -> Budget | None:
    try:
        return Budget.model_validate(given)
    except ValidationError as error:
        tell(error, BUDGET_FLAG_OF, problems)
        return None


def tell(error: ValidationError, flags: dict[str, str], problems: Problems) -> None:
    """A line for each thing that is wrong, by the flag that sets it."""
    for found in error.errors(include_url=False):
        name = next((part for part in found["loc"] if isinstance(part, str)), "")
        if found["type"] in ("missing", "too_short"):
            continue  # told already: what is missing by itself, an empty list by what was wrong with its numbers
        shown = "".join(c if c.isprintable() else "?" for c in str(found["input"])[:40])
        problems.add(f"{flags.get(name, name)} {shown}: {_way_out(found['msg'])}.")


def _way_out(message: str) -> str:
    """`give 1 or more`, out of pydantic's words."""
    said = message.removeprefix("Value error, ").replace("Input should be", "give")
    said = re.sub(r"greater than or equal to (\S+)", r"\1 or more", said)
    return re.sub(r"less than or equal to (\S+)", r"\1 or less", said).replace("greater than", "more than")


def key_of(options: argparse.Namespace, problems: Problems) -> str:
    """The key out of its environment variable; never in a message."""
    if options.api_key is not None:
        problems.add(KEY_TYPED)
    name = options.api_key_env
    if name is None:
        return ""
    if not _VARIABLE.fullmatch(name):
        problems.add("--api-key-env: give the name of an environment variable, not the key itself.")
        return ""
    key = os.environ.get(name, "").strip()
    if not key:
        said = name if name.isupper() else "NAME"  # what is in small letters may be the key itself
        problems.add(f"--api-key-env {said}: there is no such variable, or it is empty. Set it: export {said}=...")
    return key


def place(flag: str) -> str:
    """Where argparse puts a flag."""
    return flag.removeprefix("--").replace("-", "_")


def task_fields(options: argparse.Namespace, problems: Problems) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of the task and of its budget that were typed."""
    task, budget = fields_given(options, TASK, problems), fields_given(options, BUDGET, problems)
    if options.own_length:
        task["ignore_eos"] = False
    return task, budget
