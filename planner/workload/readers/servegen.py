"""ServeGen's client rates: requests per second of one tenant in windows of ten minutes, without tokens."""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.opened import from_monday

WINDOW_S = 600


def select(cells: Cells) -> Mapping[str, str]:
    """Requests are the rate times the window, rounded."""
    return {
        "started_us": from_monday(cells.scaled(1_000_000, "window_start_s")),
        "bucket_s": str(WINDOW_S),
        "requests": cells.scaled(WINDOW_S, "rate_rps"),
        "model": cells.text("model", default="unnamed"),
        "context_tokens": "0",
    }


SERVEGEN = TableReader(
    About(
        "servegen",
        "ServeGen client rates",
        "bucket",
        cached_inside_input=None,
        source_url="https://github.com/alibaba/ServeGen",
        checked="real export",
        note=(
            "Times count from an unknown day; it is shown as a Monday, 0:00. A chunk-*-trace.csv has no header: write "
            "window_start_s,rate_rps,iat_cv,pattern,param1,param2 above its first line."
        ),
        has_calendar=False,
    ),
    needs=frozenset({"window_start_s", "rate_rps"}),
    select=select,
    owners={"project": ("client",), "key": ("client",), "team": ("client",)},
)
