"""`planner usage import`: exports in, one profile and one rollup out, or nothing."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import get_args

from planner.catalog.catalog import installed
from planner.catalog.price_thresholds import price_thresholds
from planner.cli.inputs import OK, InputError, add_day, day_of
from planner.cli.usage_text import summary_text
from planner.usage.errors import Cancelled, UsageError
from planner.usage.importer import Imported, ImportRequest, import_usage
from planner.usage.kept import usage_folder, write_rollup
from planner.usage.overlap import Overlap
from planner.usage.sources import import_source
from planner.workload.readers.base import OwnerKind

STOPPED = 130
BAR = 24


def add_import(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner usage import`."""
    parser.add_argument("paths", nargs="*", type=_path, metavar="PATH", help="files, folders and patterns")
    parser.add_argument(
        "--out", type=Path, default=None, metavar="PROFILE", help="write the profile (JSON) and its rollup there too"
    )
    parser.add_argument("--name", default="", help="name for people (that of the first file)")
    parser.add_argument("--format", default=None, metavar="ID", help="format of all files, see `planner usage formats`")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="NAME=COLUMN,...",
        help="which column is which, such as input_tokens=Tokens in; may be repeated",
    )
    parser.add_argument(
        "--cached",
        choices=["inside", "outside"],
        default="inside",
        help="with --map: whether cached tokens are part of the input tokens (inside)",
    )
    parser.add_argument("--by", choices=get_args(OwnerKind), default=None, help="keep who rows are charged to")
    parser.add_argument(
        "--threshold",
        action="append",
        type=_tokens,
        default=[],
        metavar="TOKENS",
        help="prompt size at which a price of your own changes; those of the catalog are always counted",
    )
    parser.add_argument(
        "--overlap",
        choices=get_args(Overlap),
        default="ask",
        help="rows that two files may both hold: count them once, add them up, or ask where they do not tell (ask)",
    )
    parser.add_argument("--zone", default="UTC", help="zone of times that do not say theirs, such as Europe/Berlin")
    parser.add_argument("--max-reject-share", type=_share, default=0.01, metavar="SHARE", help="0.01 or 1%%")
    parser.add_argument("--temp-dir", type=Path, default=None, help="folder for what is read in between")
    parser.add_argument(
        "--trust-compression", action="store_true", help="take packed files that unpack to over 200 times their size"
    )
    parser.add_argument("--source", default=None, metavar="NAME", help="import a configured source")
    parser.add_argument("--engine", default=None, metavar="URL", help="read a table where it is, postgresql://...")
    parser.add_argument("--table", default=None, help="table of the engine, with its schema")
    parser.add_argument("--since", type=_day, default=None, metavar="DATE", help="first day to read of the table")
    parser.add_argument("--before", type=_day, default=None, metavar="DATE", help="first day not to read any more")
    parser.add_argument("--json", action="store_true", help="print the profile, not its summary")
    add_day(parser)
    parser.set_defaults(run=_import)


def _path(text: str) -> Path:
    """An empty one would be the folder one is in."""
    if not text:
        raise argparse.ArgumentTypeError("an empty path: give a file, a folder or a pattern")
    return Path(text)


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share; write 0.01 or 1%") from None
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return share


def _tokens(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens; write a whole number such as 200000")
    return int(text)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from None


def _import(options: argparse.Namespace) -> int:
    request = _request(options)
    try:
        with _stoppable() as cancelled, _progress() as said:
            imported = _run(options, request, said, cancelled)
    except Cancelled as stopped:
        print(f"planner: {stopped}", file=sys.stderr)
        return STOPPED
    except UsageError as error:
        raise InputError(str(error)) from error
    written = tuple(_written(options.out, imported))
    print(imported.profile.model_dump_json(indent=2) if options.json else summary_text(imported.profile))
    for line in written:
        print(line, file=sys.stderr if options.json else sys.stdout)
    return OK


def _run(
    options: argparse.Namespace,
    request: ImportRequest,
    said: Callable[[str, float], None],
    cancelled: Callable[[], bool],
) -> Imported:
    folder = usage_folder()
    if options.source:
        return import_source(options.source, request, folder, said, cancelled)
    if options.engine:
        from planner.usage.engines import Period
        from planner.usage.table_import import import_table

        period = Period(options.since, options.before)
        return import_table(options.engine, options.table, request, folder, said, cancelled, period=period)
    return import_usage(request, folder, said, cancelled)


def _request(options: argparse.Namespace) -> ImportRequest:
    """What was asked for; InputError with everything that is wrong with it."""
    mapping, wrong = _mapping(options.map)
    given = [bool(options.paths), options.source is not None, options.engine is not None]
    if sum(given) != 1:
        wrong.append("give PATH..., or --source NAME, or --engine URL with --table NAME.")
    if (options.engine is None) != (options.table is None):
        wrong.append("--engine and --table go together.")
    if (options.since or options.before) and options.engine is None:
        wrong.append("--since and --before are for a table of an --engine.")
    if options.cached == "outside" and not mapping:
        wrong.append("--cached outside is for columns given with --map: every other format is known.")
    if options.out is not None and (options.out.is_dir() or not options.out.absolute().parent.is_dir()):
        wrong.append(f"--out {options.out}: give a file in a folder that exists.")
    if wrong:
        raise InputError("\n".join(wrong))
    return ImportRequest(
        paths=tuple(options.paths),
        name=options.name,
        format_id=options.format,
        mapping=mapping,
        cached_inside=options.cached == "inside",
        owner_by=options.by,
        zone=options.zone,
        max_reject_fraction=options.max_reject_share,
        overlap=options.overlap,
        thresholds=tuple(sorted({*price_thresholds(installed().tables), *options.threshold})),
        on=day_of(options),
        temp_dir=options.temp_dir,
        trust_compression=options.trust_compression,
    )


def _mapping(texts: list[str]) -> tuple[dict[str, str], list[str]]:
    """`a=Column, with a comma,b=Other`: a comma starts a new pair where a name and a sign follow it."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for pair in (pair for text in texts for pair in re.split(r",(?=\s*\w+=)", text)):
        name, sign, column = (part.strip() for part in pair.partition("="))
        if not sign or not name or not column:
            wrong.append(f"--map {pair}: write NAME=COLUMN, such as input_tokens=Tokens in.")
        elif name in found:
            wrong.append(f"--map {pair}: {name} is mapped twice.")
        else:
            found[name] = column
    return found, wrong


def _written(out: Path | None, imported: Imported) -> Iterator[str]:
    if out is not None:
        rollup = out.with_name(f"{out.stem}.rollup.parquet")
        try:
            _whole(out, lambda path: path.write_text(imported.profile.model_dump_json(indent=2), encoding="utf-8"))
            _whole(rollup, lambda path: write_rollup(imported.rollup, path))
        except OSError as error:
            reason = (error.strerror or "cannot be written").lower()
            raise InputError(f"{out}: {reason}. The import is kept all the same; choose another file.") from error
        yield f"\nWritten: {out} and {rollup.name}"
    yield f"Kept as {imported.profile.profile_id}"


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C asks the import to stop; the next one ends the program."""
    stop: list[int] = []

    def asked(number: int, frame: FrameType | None) -> None:
        stop.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, asked)
    try:
        yield lambda: bool(stop)
    except KeyboardInterrupt:
        raise Cancelled from None
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A line on standard error, when a person looks at it."""
    shown = sys.stderr.isatty()

    def said(step: str, share: float) -> None:
        if shown:
            bar = "#" * round(BAR * share)
            print(f"\r\x1b[K[{bar:<{BAR}}] {share:>4.0%} {step[:60]}", end="", file=sys.stderr, flush=True)

    try:
        yield said
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
