"""Where an operator says that logs lie: named files, folders, patterns, and tables of engines."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from planner.usage.errors import UsageError, UsageProblem
from planner.usage.importer import Imported, ImportRequest, import_usage
from planner.usage.kept import usage_folder
from planner.usage.measure import Said
from planner.workload.readers import READERS

ENV = "PLANNER_USAGE_SOURCES"
FIELDS = ("name", "path", "engine", "table", "format")
EXAMPLE = "Write a list `sources:` of entries with name and path, or with name, engine and table"
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Source:
    """One configured source; the address of an engine may hold a secret and is never shown."""

    name: str
    path: str = ""
    """File, folder or pattern."""
    engine: str = field(default="", repr=False)
    """Address, with its secrets."""
    table: str = ""
    format_id: str | None = None

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        if not self.engine:
            return self.path
        from planner.usage.engines.address import masked

        return f"{self.table} at {masked(self.engine)}"


def sources_file() -> Path:
    """PLANNER_USAGE_SOURCES, or var/usage-sources.yaml beside the program."""
    return Path(os.environ.get(ENV) or Path(__file__).resolve().parents[2] / "var" / "usage-sources.yaml")


def configured_sources(path: Path | None = None) -> tuple[Source, ...]:
    """Every source, in its order; none where there is no file. Raises UsageError with everything wrong in it."""
    path = sources_file() if path is None else path
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if os.environ.get(ENV):
            raise UsageError(UsageProblem(str(path), "is not there", f"Check {ENV}")) from None
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(UsageProblem(str(path), "cannot be read", "Check its rights and encoding (UTF-8)")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(UsageProblem(f"{path}{line}", "is not valid YAML", EXAMPLE)) from None
    entries = content.get("sources") if isinstance(content, Mapping) else None
    if not isinstance(entries, list):
        raise UsageError(UsageProblem(str(path), "has no list of sources", EXAMPLE))
    problems = [problem for n, entry in enumerate(entries) for problem in _wrong(path, f"sources[{n}]", entry)]
    names = [str(entry.get("name")) for entry in entries if isinstance(entry, Mapping)]
    problems += [
        UsageProblem(f"{path}, sources[{n}].name", f"{name!r} is there twice", "Give each source a name of its own")
        for n, name in enumerate(names)
        if name in names[:n]
    ]
    if problems:
        raise UsageError(problems)
    return tuple(_source(entry) for entry in entries)


def _source(entry: Mapping[str, object]) -> Source:
    told = {name: _filled(str(entry[name])) for name in FIELDS if entry.get(name)}
    return Source(told["name"], told.get("path", ""), told.get("engine", ""), told.get("table", ""), told.get("format"))


def _filled(text: str) -> str:
    """With `${NAME}` from the environment, so that a secret need not stand in the file."""
    return _VARIABLE.sub(lambda match: os.environ.get(match[1], ""), text)


def _wrong(path: Path, where: str, entry: object) -> Iterator[UsageProblem]:
    if not isinstance(entry, Mapping):
        yield UsageProblem(f"{path}, {where}", "is no entry with fields", EXAMPLE)
        return

    def problem(name: str, reason: str, remedy: str) -> UsageProblem:
        return UsageProblem(f"{path}, {where}.{name}", reason, remedy)

    for name in entry:
        if name not in FIELDS:
            yield problem(str(name), "is no field of a source", f"Fields are {', '.join(FIELDS)}")
        elif not isinstance(entry[name], str) or not str(entry[name]).strip():
            yield problem(str(name), "is no text", "Write a text")
    for name, value in entry.items():
        for variable in _VARIABLE.findall(str(value)):
            if variable not in os.environ:
                yield problem(str(name), f"names {variable}, which is not in the environment", "Set it")
    if not entry.get("name"):
        yield problem("name", "is missing", "Give the source a name")
    if bool(entry.get("path")) == bool(entry.get("engine")):
        yield problem("path", "has to be given, or else engine with table", EXAMPLE)
    if entry.get("engine") and not entry.get("table"):
        yield problem("table", "is missing", "Name the table with its schema")
    known = [reader.about.reader_id for reader in READERS]
    if entry.get("format") and entry["format"] not in known:
        yield problem("format", f"{entry['format']!r} is no format", f"Formats are {', '.join(known)}")


def import_source(
    name: str,
    request: ImportRequest,
    folder: Path | None = None,
    said: Said = lambda step, share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Imported:
    """Import a configured source; the request says how. Raises UsageError, or Cancelled."""
    sources = {source.name: source for source in configured_sources()}
    if name not in sources:
        known = (
            f"There are {', '.join(sources)}" if sources else f"None is configured. {EXAMPLE} in {sources_file().name}"
        )
        raise UsageError(UsageProblem(name, "there is no such source", known))
    source = sources[name]
    folder = usage_folder() if folder is None else folder
    request = replace(request, name=request.name or name, format_id=request.format_id or source.format_id)
    if source.path:
        return import_usage(replace(request, paths=(Path(source.path),)), folder, said, cancelled)
    from planner.usage.table_import import import_table

    return import_table(source.engine, source.table, request, folder, said, cancelled)
