"""`planner probe watch`: a measurement from a production server's counters; nothing is sent to its models."""

from __future__ import annotations

import argparse
import sys

from planner.catalog.case_names import names_of
from planner.catalog.catalog import installed
from planner.cli.inputs import InputError
from planner.cli.probe_arguments import add_result, add_server
from planner.cli.probe_asked import check_place, check_server
from planner.cli.probe_declared import declared_of
from planner.cli.probe_finish import Ended, Place, finish
from planner.cli.probe_inputs import Problems, key_of
from planner.cli.probe_progress import shown
from planner.cli.probe_stop import STOPPED, Stopped, stoppable
from planner.decision.present_probe_plan import duration
from planner.domain.measurement import Declared
from planner.probe.errors import ProbeError
from planner.probe.run import Target
from planner.probe.watch import LEAST_EVERY_S, MOST_SECONDS, watch


def add_probe_watch(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner probe watch`."""
    parser.add_argument("url", metavar="URL", help="the server, such as http://10.0.0.5:8000")
    add_server(parser)
    parser.add_argument("--seconds", type=float, default=600.0, metavar="X", help="how long to watch, s (600)")
    parser.add_argument("--every", type=float, default=15.0, metavar="X", help="seconds between two readings (15)")
    add_result(parser)
    parser.set_defaults(run=_watch)


def _watch(options: argparse.Namespace) -> int:
    problems, names = Problems(), names_of(installed().tables)
    check_server(options, problems)
    key = key_of(options, problems)
    declared = declared_of(options, names, Declared(), problems)
    _check_times(options, problems)
    check_place(options, problems)
    problems.raise_any()
    target = Target(options.url.strip(), (options.model or "").strip(), key, declared, "own")
    place = Place(options.out, names, as_json=options.json)
    print(f"Reading /metrics every {options.every:g} s for {duration(options.seconds)}.", file=sys.stderr)
    try:
        with stoppable() as cancelled, shown(None, cancelled) as display:
            measured = watch(target, options.seconds, options.every, display.said, cancelled, place.keeping(display))
            return finish(Ended(measured, cancelled()), place)
    except ProbeError as error:
        raise InputError(str(error)) from error
    except Stopped:
        print("planner: stopped by hand; nothing was measured.", file=sys.stderr)
        return STOPPED
    except KeyboardInterrupt:
        return place.ended_at_once()


def _check_times(options: argparse.Namespace, problems: Problems) -> None:
    if not LEAST_EVERY_S <= options.every <= options.seconds:
        problems.add(
            f"--every {options.every:g}: give {LEAST_EVERY_S:g} or more, and at most --seconds ({options.seconds:g})."
        )
    if not options.seconds <= MOST_SECONDS:
        problems.add(f"--seconds {options.seconds:g}: give a week ({MOST_SECONDS:g}) or less.")
