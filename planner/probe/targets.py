"""Servers that the operator lets people probe from a shared page: a YAML list, keys from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import yaml
from pydantic import AfterValidator, Field, ValidationError

from planner.domain.base import ShortText, Value
from planner.domain.measurement import Declared
from planner.probe.address import address, checked
from planner.probe.errors import ProbeError

ENV = "PLANNER_PROBE_TARGETS"
MAX_BYTES = 1_000_000
MAX_TARGETS = 200
EXAMPLE = "Write a list `targets:` of entries with name and url."
_NUMBER = re.compile(r"[\d.]+|.*:.*")
_KEY = re.compile(r"\$\{(\w+)\}")


class TargetProblem(NamedTuple):
    """One thing wrong with the list: where, what, and the way out."""

    where: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}. {self.remedy}"


class TargetsError(ProbeError):
    """A list of targets that cannot be used; `.problems` has everything that is wrong with it."""

    def __init__(self, problems: tuple[TargetProblem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)), f"Correct {targets_file().name}.")


def _plain_url(url: str) -> str:
    """An address in plain form; a number that is never probed is refused here, a name when it is looked up."""
    try:
        host = checked(url).hostname or ""
        if _NUMBER.fullmatch(host):
            address(url, "listed")
    except ProbeError as error:
        raise ValueError(str(error)) from None
    return url


def _from_environment(key: str) -> str:
    """The value of `${NAME}`; a key that stands in the file itself is refused."""
    if not key:
        return ""
    if not (named := _KEY.fullmatch(key)):
        raise ValueError("a key does not belong in this file. Write ${NAME} and set NAME in the environment.")
    if not (value := os.environ.get(named[1], "")):
        raise ValueError(f"names {named[1]}, which is not in the environment. Set it.")
    return value


class ConfiguredTarget(Value):
    """One server that may be probed."""

    name: Annotated[ShortText, Field(min_length=1)] = Field(description="As people pick it.")
    url: Annotated[str, AfterValidator(_plain_url)] = Field(description="http or https, without /v1.")
    model: ShortText = Field("", description="Name that requests are sent with; empty = the only one that it serves.")
    api_key: Annotated[str, AfterValidator(_from_environment)] = Field(
        "", repr=False, exclude=True, description="`${NAME}`: the key is in the environment."
    )
    gpu: ShortText = Field("", description="Catalog id of its GPU; `cpu` for a server without one.")
    gpus: int = Field(1, ge=1, le=4096, description="GPUs of the replica.")
    model_id: ShortText = Field("", description="Catalog id of the model.")
    format_id: ShortText = Field("", description="Catalog id of the number format.")
    usd_per_gpu_hour: float | None = Field(None, ge=0, le=1e6, description="What a GPU costs an hour, USD.")
    note: ShortText = Field("", description="What a reviewer should know.")

    @property
    def declared(self) -> Declared:
        """What its owner says of it, as a measurement carries it."""
        return Declared(
            gpu_id=self.gpu,
            gpus=self.gpus,
            model_id=self.model_id,
            format_id=self.format_id,
            usd_per_gpu_hour=self.usd_per_gpu_hour,
            note=self.note,
        )


def targets_file() -> Path:
    """PLANNER_PROBE_TARGETS, or var/probe-targets.yaml beside the program."""
    return Path(os.environ.get(ENV) or Path(__file__).resolve().parents[2] / "var" / "probe-targets.yaml")


def configured_targets(path: Path | None = None) -> tuple[ConfiguredTarget, ...]:
    """Every target, in its order; none where there is no file. Raises TargetsError with everything wrong in it."""
    path = targets_file() if path is None else path
    entries = _entries(path)
    found: list[ConfiguredTarget] = []
    problems: list[TargetProblem] = []
    for n, entry in enumerate(entries):
        try:
            found.append(ConfiguredTarget.model_validate(entry))
        except ValidationError as error:
            problems += _wrong(f"{path.name}, targets[{n}]", error)
    problems += _twice(path, entries)
    if problems:
        raise TargetsError(tuple(problems))
    return tuple(found)


def _entries(path: Path) -> list[Any]:
    def refused(where: str, reason: str, remedy: str = EXAMPLE) -> TargetsError:
        return TargetsError((TargetProblem(where, reason, remedy),))

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise refused(path.name, f"is larger than {MAX_BYTES:,} bytes", "Is it the right file?")
        content = yaml.safe_load(data.decode("utf-8"))
    except FileNotFoundError:
        if os.environ.get(ENV):
            raise refused(path.name, "is not there", f"Check {ENV}.") from None
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise refused(path.name, "cannot be read", "Check its rights and encoding (UTF-8).") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise refused(f"{path.name}{line}", "is not valid YAML") from None
    entries = content.get("targets") if isinstance(content, Mapping) else None
    if not isinstance(entries, list):
        raise refused(path.name, "has no list of targets")
    if len(entries) > MAX_TARGETS:
        raise refused(path.name, f"has more than {MAX_TARGETS} targets", "Split it.")
    return entries


def _wrong(where: str, error: ValidationError) -> Iterator[TargetProblem]:
    """Each field that is wrong, without its value: it may be a key."""
    for found in error.errors(include_input=False, include_url=False):
        field = ".".join(str(part) for part in found["loc"])
        reason, _, remedy = found["msg"].removeprefix("Value error, ").partition(". ")
        if found["type"] == "extra_forbidden":
            reason, remedy = "is no field of a target", f"Fields are {', '.join(ConfiguredTarget.model_fields)}."
        elif found["type"] == "missing":
            reason, remedy = "is missing", EXAMPLE
        reason = reason[0].lower() + reason[1:].rstrip(".")
        yield TargetProblem(f"{where}.{field}".rstrip("."), reason, remedy or "Correct it.")


def _twice(path: Path, entries: list[Any]) -> Iterator[TargetProblem]:
    given = [entry.get("name") for entry in entries if isinstance(entry, Mapping)]
    names = [name for name in given if isinstance(name, str)]
    for name in dict.fromkeys(name for n, name in enumerate(names) if name in names[:n]):
        yield TargetProblem(f"{path.name}, name {name!r}", "is there twice", "Give each target a name of its own.")
