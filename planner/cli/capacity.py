"""`planner capacity`: what would serve a load within a latency target, one deployment in full, and how to start it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from planner.capacity.manifest import CLAIM, ManifestError, manifest
from planner.capacity.serve_flags import CHECKPOINTS
from planner.catalog.catalog import installed
from planner.cli.capacity_inputs import add_deployment, add_question, question
from planner.cli.capacity_text import detail_text, found_text
from planner.cli.inputs import NO_ANSWER, OK, InputError, day_of
from planner.decision.candidates import find
from planner.decision.candidates.detail import Detail, NotShared, detail
from planner.decision.candidates.memory import request_tokens
from planner.report.candidates_csv import candidates_csv

SHOWN = 20


def add_capacity(parser: argparse.ArgumentParser) -> None:
    """The commands under `planner capacity`."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    search = commands.add_parser("find", help="every deployment of the catalog that meets a target, cheapest first")
    add_question(search)
    search.add_argument("--show", type=int, default=SHOWN, metavar="N", help=f"rows of the table ({SHOWN})")
    search.add_argument("--json", action="store_true", help="print everything found as JSON")
    search.add_argument("--csv", type=Path, metavar="OUT", help="also write the candidates to a CSV file")
    search.set_defaults(run=_find)
    show = commands.add_parser("show", help="one deployment: memory, curve, published runs, flags")
    add_deployment(show)
    show.set_defaults(run=_show)
    flags = commands.add_parser("flags", help="the command that serves one deployment")
    add_deployment(flags)
    flags.set_defaults(run=_flags)
    yaml = commands.add_parser("manifest", help="a Kubernetes Deployment and Service for one deployment")
    add_deployment(yaml)
    yaml.add_argument("--replicas", type=int, default=1, metavar="N", help="replicas (1)")
    yaml.add_argument("--image", default="", help="container image; the engine's own by default")
    yaml.set_defaults(run=_manifest)


def _find(options: argparse.Namespace) -> int:
    if options.show < 1:
        raise InputError(f"--show {options.show}: show at least 1 row.")
    tables = installed().tables
    found = find(question(options, tables), tables, day_of(options))
    if options.csv is not None:
        _write(options.csv, candidates_csv(found))
    print(found.model_dump_json(indent=2) if options.json else found_text(found, tables, options.show))
    return OK if found.candidates else NO_ANSWER


def _detail(options: argparse.Namespace) -> tuple[Detail, float]:
    """The deployment that was named, and the tokens of its mean request."""
    tables = installed().tables
    request = question(options, tables)
    try:
        return detail(request, tables, day_of(options), tp=options.tp, pp=options.pp), request_tokens(request)
    except NotShared as error:
        raise InputError(str(error)) from None


def _show(options: argparse.Namespace) -> int:
    shown, _ = _detail(options)
    print(detail_text(shown))
    return NO_ANSWER if shown.served is None else OK


def _flags(options: argparse.Namespace) -> int:
    shown, _ = _detail(options)
    print(shown.command.text)
    return _notes(shown)


def _manifest(options: argparse.Namespace) -> int:
    if options.replicas < 1:
        raise InputError(f"--replicas {options.replicas}: give 1 or more.")
    shown, tokens = _detail(options)
    try:
        text = manifest(shown.setup, options.replicas, image=options.image, request_tokens=tokens)
    except ManifestError as error:
        raise InputError(str(error)) from None
    print(text, end="")
    if f"claimName: {CLAIM}" in text:
        print(f"planner: It mounts the volume claim {CLAIM!r} at {CHECKPOINTS}: create it first.", file=sys.stderr)
    return _notes(shown)


def _notes(shown: Detail) -> int:
    """What the reader of a command must know, beside it and not in it."""
    for note in shown.command.notes:
        print(f"planner: {note}", file=sys.stderr)
    if shown.served is None:
        print("planner: it does not fit in memory; `planner capacity show` says what would.", file=sys.stderr)
        return NO_ANSWER
    return OK


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"--csv {path}: {(error.strerror or 'cannot be written').lower()}. Choose another.") from error
    print(f"{path}: {len(content):,} bytes", file=sys.stderr)
