"""What fills the memory of one GPU of a deployment, in GiB, and the line that the engine may not cross."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from planner.charts.frame import LEGEND_ROW, Figure, layout, text_trace
from planner.charts.palette import BLUE, GREEN, GREY, INKS, ORANGE, PURPLE, SKY, Ink, Theme
from planner.charts.rows import row_label, vertical
from planner.charts.ticks import label_axis, linear_axis

LEFT = 200
ALONE = 18
"""Left margin of one bar, which needs no name beside it."""
ROW = 52
PARTS = {
    "Weights": BLUE,
    "Embeddings": PURPLE,
    "Activations, engine": ORANGE,
    "KV cache in use": GREEN,
    "KV cache free": SKY,
    "Not used": GREY,
}
"""Parts in the order in which they are stacked, with their fills, always with a legend."""
ROOM = 1.04
LEGEND_LINES = 3


class MemoryRow(NamedTuple):
    """One deployment: GiB per GPU of each part, a missing one is not there."""

    label: str
    parts_gib: dict[str, float]
    gpu_gib: float
    """Memory of one GPU."""
    usable_gib: float
    """What the engine may use of it."""

    @property
    def needed_gib(self) -> float:
        """What must fit: everything but free cache and what is not used."""
        spare = ("KV cache free", "Not used")
        return sum(gib for name, gib in self.parts_gib.items() if name not in spare)

    @property
    def fits(self) -> bool:
        """Whether what must fit is below the line."""
        return self.needed_gib <= self.usable_gib * (1 + 1e-9)


def memory_bar_chart(rows: Sequence[MemoryRow], *, theme: Theme = "light") -> Figure:
    """One stacked bar per deployment; the dashed line is what the engine may use, the solid one the whole GPU."""
    ink = INKS[theme]
    names = [name for name in PARTS if any(row.parts_gib.get(name) for row in rows)]
    figure = layout(names, ink, ROW * len(rows) + 24, LEFT if len(rows) > 1 else ALONE)
    figure["barmode"] = "stack"
    _room_for_legend(figure)
    right = max([row.gpu_gib for row in rows] + [sum(row.parts_gib.values()) for row in rows] or [1.0]) * ROOM
    figure["xaxis"] = linear_axis(0.0, right, "GiB per GPU", ink, lambda value: f"{value:g}")
    figure["yaxis"] = label_axis([row_label(row.label) if len(rows) > 1 else "" for row in rows], ink)
    usable, whole = {row.usable_gib for row in rows}, {row.gpu_gib for row in rows}
    if len(usable) == len(whole) == 1:
        figure["shapes"] = [vertical(usable.pop(), ink.text, "dash"), vertical(whole.pop(), ink.text, "solid")]
    over = [_over(row, k, ink) for k, row in enumerate(rows) if not row.fits]
    return {"data": [*(_bars(name, rows, ink) for name in names), *over], "layout": figure}


def _room_for_legend(figure: Figure) -> None:
    """Three lines: on a phone six entries stand in two columns, and Plotly would cut them at half of so low a plot."""
    more = LEGEND_LINES * LEGEND_ROW + 12 - figure["margin"]["t"]
    if more > 0:
        figure["margin"]["t"] += more
        figure["height"] += more
    figure["legend"]["maxheight"] = (LEGEND_LINES + 1) * LEGEND_ROW


def memory_bar_alt(rows: Sequence[MemoryRow]) -> str:
    """The chart in words."""
    return " ".join(["Stacked bars of the memory of one GPU.", *(_told(row) for row in rows)])


def _told(row: MemoryRow) -> str:
    parts = ", ".join(f"{name} {gib:.1f}" for name, gib in row.parts_gib.items() if gib)
    verdict = "it fits" if row.fits else f"it does not fit by {row.needed_gib - row.usable_gib:.1f}"
    line = f"the engine may use {row.usable_gib:.1f}, the dashed line"
    return f"{row.label}: {parts} GiB of {row.gpu_gib:.1f}; {line}: {verdict}."


def _bars(name: str, rows: Sequence[MemoryRow], ink: Ink) -> dict[str, Any]:
    values = [row.parts_gib.get(name, 0.0) for row in rows]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": [float(k) for k in range(len(rows))],
        "width": 0.62,
        "marker": {"color": PARTS[name], "line": {"color": ink.halo, "width": 0.5}},
        "hovertext": [f"{name}: {value:.1f} GiB" for value in values],
        "hoverinfo": "text",
    }


def _over(row: MemoryRow, place: int, ink: Ink) -> dict[str, Any]:
    words = f"over by {row.needed_gib - row.usable_gib:.1f} GiB "
    return text_trace(row.needed_gib, float(place), words, "middle left", ink)
