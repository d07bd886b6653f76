"""What becomes of a measurement: kept after every run, written at the end, printed, and judged by the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from planner.capacity.measurement.document import measurement_json
from planner.catalog.case_names import Names
from planner.cli.inputs import NO_ANSWER, OK, InputError
from planner.cli.probe_files import put
from planner.cli.probe_progress import Shown
from planner.cli.probe_stop import STOPPED
from planner.cli.probe_text import USABLE, measurement_text
from planner.domain.measurement import Measurement
from planner.probe.kept import under_way


class Ended(NamedTuple):
    """A measurement, and whether somebody stopped it."""

    measurement: Measurement
    stopped: bool


class Place(NamedTuple):
    """Where a measurement goes."""

    out: Path | None
    """File; None = among those that are kept here."""
    names: Names
    as_json: bool

    def keeping(self, display: Shown) -> Callable[[Measurement], None]:
        """What is done after every run: nothing is lost however the program ends, and a full disk ends nothing."""

        def keep(m: Measurement) -> None:
            with suppress(InputError):
                put(under_way(m), self.out)
            display.kept(m)

        return keep

    def ended_at_once(self) -> int:
        """After the second Ctrl-C."""
        where = str(self.out) if self.out else "`planner probe list`"
        print(f"\nplanner: ended at once; the runs that had ended are in {where}.", file=sys.stderr)
        return STOPPED


def finish(ended: Ended, place: Place) -> int:
    """Write it and print it; the exit code says what it is worth. What cannot be written is printed whole."""
    m = ended.measurement
    try:
        written = put(m, place.out)
    except InputError:
        sys.stdout.write(measurement_json(m).decode())
        raise
    show(m, place, written)
    if ended.stopped:
        print("planner: stopped by hand; what was measured is kept.", file=sys.stderr)
        return STOPPED
    return OK if m.summary.status in USABLE else NO_ANSWER


def show(m: Measurement, place: Place, written: str) -> None:
    """The document, or its tables, and where it is."""
    if place.as_json:
        sys.stdout.write(measurement_json(m).decode())
    else:
        print(measurement_text(m, place.names))
    print(written, file=sys.stderr if place.as_json else sys.stdout)
