"""`planner probe`: measure a live server, read what other tools measured, and put the result into a plan."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from planner.capacity.measurement.compare import differences
from planner.capacity.measurement.document import json_schema, measurement_json
from planner.catalog.case_names import names_of
from planner.catalog.catalog import installed
from planner.cli.inputs import OK, InputError
from planner.cli.probe_arguments import add_run
from planner.cli.probe_files import drop, kept_here, listing_rows, listing_text, load, load_all
from planner.cli.probe_import import add_probe_import
from planner.cli.probe_plan import add_probe_apply, add_probe_plan
from planner.cli.probe_run import run_probe
from planner.cli.probe_text import differences_text, measurement_text
from planner.cli.probe_watch import add_probe_watch
from planner.domain.nearest import did_you_mean

COMMANDS = ("apply", "diff", "forget", "import", "list", "plan", "schema", "show", "watch")
MEASURE = "URL"
"""Name that the command without a name has: `planner probe http://...` is `planner probe URL http://...`."""


def routed(arguments: Sequence[str]) -> list[str]:
    """`probe http://...` with the name of its command put in; everything else as it is.

    InputError for a word after `probe` that is neither an address nor a command.
    """
    words = list(arguments)
    if words[:1] != ["probe"] or len(words) < 2 or words[1] in (*COMMANDS, MEASURE, "-h", "--help"):
        return words
    if not words[1].startswith("-") and not any(mark in words[1] for mark in ".:/"):
        meant = did_you_mean(words[1], COMMANDS, f"Commands are {', '.join(COMMANDS)}.")
        raise InputError(f"probe {words[1][:60]}: this is no command, and an address is http://HOST:PORT. {meant}")
    return [words[0], MEASURE, *words[1:]]


def add_probe(parser: argparse.ArgumentParser) -> None:
    """The commands under `planner probe`."""
    parser.description = (
        "`planner probe http://HOST:PORT --model NAME ...` measures the server there; `planner probe URL --help` lists "
        "its arguments. The guide is docs/probe.md."
    )
    commands = parser.add_subparsers(required=True, metavar="URL | COMMAND")
    measure = commands.add_parser(
        MEASURE, prog="planner probe", help="measure the server at this address", allow_abbrev=False
    )
    add_run(measure)
    measure.set_defaults(run=run_probe)
    add_probe_plan(commands.add_parser("plan", help="levels and cost of a probe for a plan, and what it is worth"))
    add_probe_watch(
        commands.add_parser(
            "watch", help="measure from live traffic: reads /metrics, sends nothing", allow_abbrev=False
        )
    )
    add_probe_import(commands.add_parser("import", help="read results of other tools, or of a probe elsewhere"))
    _add_show(commands.add_parser("show", help="print a measurement"))
    _add_diff(commands.add_parser("diff", help="hold two measurements against each other"))
    add_probe_apply(commands.add_parser("apply", help="put a measurement into a plan; the decision before and after"))
    listing = commands.add_parser("list", help="list the measurements that are kept here")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    listing.set_defaults(run=_list)
    forget = commands.add_parser("forget", help="remove a measurement that is kept here")
    forget.add_argument("measurement_id", metavar="ID", help="its id, see `planner probe list`")
    forget.set_defaults(run=_forget)
    commands.add_parser("schema", help="print the JSON Schema of a measurement").set_defaults(run=_schema)


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("measurement", metavar="FILE", help="its file, or the id of one that is kept here")
    parser.add_argument("--json", action="store_true", help="print the document, its summary computed anew")
    parser.set_defaults(run=_show)


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="file or id, the earlier one")
    parser.add_argument("b", metavar="B", help="file or id, the later one")
    parser.set_defaults(run=_diff)


def _show(options: argparse.Namespace) -> int:
    m = load(options.measurement)
    if options.json:
        sys.stdout.write(measurement_json(m).decode())
    else:
        print(measurement_text(m, names_of(installed().tables)))
    return OK


def _diff(options: argparse.Namespace) -> int:
    a, b = load_all((options.a, options.b))
    print(differences_text(a, b, differences(a, b), names_of(installed().tables)))
    return OK


def _list(options: argparse.Namespace) -> int:
    found = kept_here()
    names = names_of(installed().tables)
    print(json.dumps(listing_rows(found), indent=2) if options.json else listing_text(found, names))
    for one in found.unreadable:
        print(f"planner: {one.measurement_id} cannot be read: {one.reason}", file=sys.stderr)
    return OK


def _forget(options: argparse.Namespace) -> int:
    drop(options.measurement_id)
    print(f"{options.measurement_id} is forgotten.")
    return OK


def _schema(options: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=2))
    return OK
