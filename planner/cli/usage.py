"""`planner usage`: import logs, look at what is kept, price it and hold it against a plan."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from planner.cli.inputs import OK, InputError
from planner.cli.text import WIDTH
from planner.cli.usage_import import add_import
from planner.cli.usage_price import add_usage_price
from planner.cli.usage_showback import add_usage_showback
from planner.cli.usage_sql import add_usage_sql
from planner.cli.usage_text import summary_text
from planner.cli.usage_variance import add_usage_variance
from planner.domain.usage import UsageProfile
from planner.format import plural
from planner.usage.errors import UsageError
from planner.usage.kept import PROFILE, forget, kept_profiles, read_profile, unreadable, usage_folder
from planner.usage.sources import Source, configured_sources
from planner.workload.readers import READERS
from planner.workload.readers.base import Reader

INSIDE = {True: "cached tokens lie inside input", False: "cached tokens lie outside input", None: "no cached tokens"}


def add_usage(parser: argparse.ArgumentParser) -> None:
    """The commands under `planner usage`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_import(commands.add_parser("import", help="read exports: files, folders, patterns, a table of an engine"))
    formats = commands.add_parser("formats", help="list the formats, and what each was checked against")
    formats.add_argument("--json", action="store_true", help="print them as JSON")
    formats.set_defaults(run=_formats)
    listing = commands.add_parser("list", help="list the imports that are kept here, and the configured sources")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    listing.set_defaults(run=_list)
    show = commands.add_parser("show", help="print the summary of a profile")
    show.add_argument("profile", help="profile file, or id of a kept import")
    show.add_argument("--json", action="store_true", help="print the whole profile")
    show.set_defaults(run=_show)
    drop = commands.add_parser("forget", help="remove an import that is kept here")
    drop.add_argument("profile_id", help="its id, see `planner usage list`")
    drop.set_defaults(run=_forget)
    add_usage_price(commands.add_parser("price", help="what a log cost, by any option"))
    add_usage_variance(commands.add_parser("variance", help="hold a log against a scenario, month by month"))
    add_usage_showback(commands.add_parser("showback", help="share a bill out by team, project or key"))
    add_usage_sql(commands.add_parser("sql", help="print the texts that an import would run in an engine"))
    schema = commands.add_parser("schema", help="print the JSON Schema of a profile")
    schema.set_defaults(run=_schema)


def _formats(options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps([_about(reader) for reader in READERS], indent=2, ensure_ascii=False))
        return OK
    for reader in READERS:
        print("\n".join(_format(reader)))
    return OK


def _about(reader: Reader) -> dict[str, object]:
    about = reader.about
    return {
        "format_id": about.reader_id,
        "title": about.title,
        "grain": about.grain,
        "cached_inside_input": about.cached_inside_input,
        "checked_against": about.checked,
        "note": about.note,
        "source_url": about.source_url,
    }


def _format(reader: Reader) -> list[str]:
    about = reader.about
    rows = "one row per request" if about.grain == "request" else "sums of periods"
    told = f"{rows}; {INSIDE[about.cached_inside_input]}; checked against: {about.checked}"
    lines = [f"{about.reader_id:<24} {about.title}", *textwrap.wrap(told, WIDTH - 4)]
    lines += textwrap.wrap(about.note, WIDTH - 4) + ([about.source_url] if about.source_url else [])
    return [lines[0], *(f"    {line}" for line in lines[1:])]


def _list(options: argparse.Namespace) -> int:
    folder = usage_folder()
    found = kept_profiles(folder)
    try:
        sources = configured_sources()
    except UsageError as error:
        raise InputError(str(error)) from error
    if options.json:
        print(json.dumps(_listed(found, sources), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(found, sources)))
    for problem in unreadable(folder):
        print(f"planner: {problem}", file=sys.stderr)
    return OK


def _lines(found: Sequence[UsageProfile], sources: Sequence[Source]) -> Iterator[str]:
    for profile in found:
        yield f"{profile.profile_id}  {profile.imported_on}  {_span(profile):<24}  {profile.name}"
    yield f"{plural(len(found), 'import')} kept." if found else "No import is kept here yet: `planner usage import`."
    yield from (f"source {source.name}: {source.shown}" for source in sources)


def _listed(found: Sequence[UsageProfile], sources: Sequence[Source]) -> dict[str, list[dict[str, object]]]:
    """Imports and sources, without the secrets of an address."""
    fields = {"profile_id", "name", "imported_on", "grain", "first_at", "last_at", "has_calendar", "total_requests"}
    return {
        "imports": [profile.model_dump(mode="json", include=fields) for profile in found],
        "sources": [{"name": source.name, "where": source.shown} for source in sources],
    }


def _span(profile: UsageProfile) -> str:
    return f"{profile.first_at:%Y-%m-%d} to {profile.last_at:%Y-%m-%d}" if profile.has_calendar else "unknown dates"


def _show(options: argparse.Namespace) -> int:
    profile = _profile(options.profile)
    print(profile.model_dump_json(indent=2) if options.json else summary_text(profile))
    return OK


def _profile(given: str) -> UsageProfile:
    kept = usage_folder() / given / PROFILE
    try:
        return read_profile(kept if not Path(given).exists() and kept.exists() else Path(given))
    except UsageError as error:
        raise InputError(str(error)) from error


def _forget(options: argparse.Namespace) -> int:
    try:
        forget(usage_folder(), options.profile_id)
    except UsageError as error:
        raise InputError(str(error)) from error
    print(f"{options.profile_id} is forgotten.")
    return OK


def _schema(options: argparse.Namespace) -> int:
    print(json.dumps(UsageProfile.model_json_schema(), indent=2))
    return OK
