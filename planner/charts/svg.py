"""Draws the Plotly subset that the charts use as SVG, with text as text and without a browser.

What is outside the subset raises `Unsupported`: a chart can never look different in the PDF without a test failing.
"""

from __future__ import annotations

import math
import re
from html import escape, unescape
from typing import Any

from planner.charts.frame import LEGEND_ROW, NOMINAL_WIDTH, Figure, legend_columns

DASHES = {
    "solid": "",
    "dash": "8 4",
    "dot": "2 3",
    "dashdot": "8 3 2 3",
    "longdash": "14 4",
    "longdashdot": "14 3 2 3",
}
TRACE_KEYS = {
    "scatter": {
        *("type", "mode", "name", "x", "y", "line", "marker", "text", "textposition", "textfont", "cliponaxis"),
        *("hovertext", "hovertemplate", "customdata", "hoverinfo", "showlegend", "fill", "fillcolor"),
    },
    "bar": {*("type", "orientation", "name", "x", "y", "width", "marker", "hovertext", "hoverinfo", "showlegend")},
}
LAYOUT_KEYS = {
    *("template", "height", "margin", "paper_bgcolor", "plot_bgcolor", "font", "meta", "hovermode", "hoverlabel"),
    *("showlegend", "legend", "shapes", "barmode", "xaxis", "yaxis"),
}
MODES = {"lines", "markers", "text"}
SYMBOLS = {
    "diamond": "M0 {n}L{p} 0L0 {p}L{n} 0Z",
    "square": "M{n} {n}H{p}V{p}H{n}Z",
    "circle": "M{n} 0A{p} {p} 0 1 0 {p} 0A{p} {p} 0 1 0 {n} 0Z",
}
ANCHORS = {"middle right": ("start", 4), "middle left": ("end", -4), "middle center": ("middle", 0)}


class Unsupported(ValueError):
    """The figure uses something that is not drawn here."""


def render_svg(figure: Figure, width: int = NOMINAL_WIDTH, height: int | None = None) -> str:
    """The figure as an SVG document of that many pixels; its own height leaves the room that its legend takes."""
    _check(figure)
    drawing = _Drawing(figure, width, figure["layout"]["height"] if height is None else height)
    drawing.axes()
    drawing.shapes("below")
    for trace in figure["data"]:
        drawing.bars(trace) if trace["type"] == "bar" else drawing.lines(trace)
    drawing.edges()
    drawing.shapes("above")
    for trace in figure["data"]:
        if trace["type"] == "scatter":
            drawing.markers(trace)
            drawing.texts(trace)
    drawing.legend()
    return drawing.document()


def _check(figure: Figure) -> None:
    _only("figure", figure, {"data", "layout"})
    _only("layout", figure["layout"], LAYOUT_KEYS)
    for trace in figure["data"]:
        if trace.get("type") not in TRACE_KEYS:
            raise Unsupported(f"trace type {trace.get('type')}")
        _only(trace["type"], trace, TRACE_KEYS[trace["type"]])
        if trace["type"] == "bar" and trace.get("orientation") != "h":
            raise Unsupported("upright bars")
        if trace.get("fill", "toself") != "toself":
            raise Unsupported(f"fill {trace['fill']}")
        _only("mode", dict.fromkeys(trace.get("mode", "lines").split("+")), MODES)
    if figure["layout"].get("barmode", "stack") != "stack":
        raise Unsupported(f"barmode {figure['layout']['barmode']}")


def _only(where: str, given: dict[str, Any], allowed: set[str]) -> None:
    if unknown := sorted(set(given) - allowed):
        raise Unsupported(f"{where}: {', '.join(unknown)}")


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _paint(color: str, name: str = "fill") -> str:
    """A colour as an attribute, its alpha apart."""
    found = re.fullmatch(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", color)
    if not found:
        return f'{name}="{escape(color)}"'
    return f'{name}="rgb({",".join(found.groups()[:3])})" {name}-opacity="{found[4]}"'


def _stroke(line: dict[str, Any]) -> str:
    dash = DASHES.get(line.get("dash", "solid"))
    if dash is None:
        raise Unsupported(f"dash {line['dash']}")
    pattern = f' stroke-dasharray="{dash}"' if dash else ""
    return f'{_paint(line["color"], "stroke")} stroke-width="{line["width"]}"{pattern}'


class _Scale:
    """One axis: values to pixels."""

    def __init__(self, axis: dict[str, Any], start: float, end: float) -> None:
        if axis["type"] not in ("linear", "log"):
            raise Unsupported(f"axis type {axis['type']}")
        self.log, self.span, self.start, self.end = axis["type"] == "log", axis["range"], start, end

    def __call__(self, value: float) -> float:
        low, high = self.span
        at = math.log10(value) if self.log else value
        return float(self.start + (at - low) / (high - low) * (self.end - self.start))


class _Drawing:
    """Collects elements in the order they are painted."""

    def __init__(self, figure: Figure, width: int, height: int) -> None:
        self.layout, self.traces, self.width, self.height = figure["layout"], figure["data"], width, height
        margin, self.font = self.layout["margin"], self.layout["font"]
        self.left, self.right = margin["l"], width - margin["r"]
        self.top, self.bottom = margin["t"], height - margin["b"]
        self.x = _Scale(self.layout["xaxis"], self.left, self.right)
        self.y = _Scale(self.layout["yaxis"], self.bottom, self.top)
        self.parts: list[str] = []
        self.stacked: dict[float, float] = {}

    def document(self) -> str:
        """The whole SVG."""
        box = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        area = self._rect(self.left, self.top, self.right, self.bottom, "")
        clip = f'<defs><clipPath id="plot">{area}</clipPath></defs>'
        family = f'font-family="{escape(self.font["family"])}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {family}>{clip}{"".join(self.parts)}</svg>'

    def axes(self) -> None:
        """Grid, tick texts and titles."""
        across, up = self.layout["xaxis"], self.layout["yaxis"]
        for value, text in zip(across["tickvals"], across["ticktext"], strict=True):
            self._grid(across, self.x(value), self.x(value), self.top, self.bottom)
            self._text(self.x(value), self.bottom + 18, text, "middle", across["tickfont"])
        for value, text in zip(up["tickvals"], up["ticktext"], strict=True):
            self._grid(up, self.left, self.right, self.y(value), self.y(value))
            self._text(self.left - 8, self.y(value) + 4, text, "end", up["tickfont"])
        self._titles(across["title"], up["title"])

    def edges(self) -> None:
        """The two axis lines, over bars and bands."""
        across, up = self.layout["xaxis"], self.layout["yaxis"]
        self._line(self.left, self.right, self.bottom, self.bottom, {"color": across["linecolor"], "width": 1})
        self._line(self.left, self.left, self.top, self.bottom, {"color": up["linecolor"], "width": 1})

    def _titles(self, across: dict[str, Any], up: dict[str, Any]) -> None:
        self._text((self.left + self.right) / 2, self.height - 8, across["text"], "middle", across["font"])
        middle = (self.top + self.bottom) / 2
        turned = f' transform="rotate(-90 16 {_n(middle)})"'
        self._text(16, middle, up["text"], "middle", up["font"], turned)

    def _grid(self, axis: dict[str, Any], x0: float, x1: float, y0: float, y1: float) -> None:
        if axis["showgrid"]:
            self._line(x0, x1, y0, y1, {"color": axis["gridcolor"], "width": 1})

    def _line(self, x0: float, x1: float, y0: float, y1: float, line: dict[str, Any]) -> None:
        ends = f'x1="{_n(x0)}" x2="{_n(x1)}" y1="{_n(y0)}" y2="{_n(y1)}"'
        self.parts.append(f"<line {ends} {_stroke(line)}/>")

    def _rect(self, x0: float, y0: float, x1: float, y1: float, paint: str) -> str:
        low, up = min(x0, x1), min(y0, y1)
        return f'<rect x="{_n(low)}" y="{_n(up)}" width="{_n(abs(x1 - x0))}" height="{_n(abs(y1 - y0))}" {paint}/>'

    def _text(self, x: float, y: float, text: str, anchor: str, font: dict[str, Any], extra: str = "") -> None:
        """Lines of text, the block centred on y's line."""
        lines = [escape(unescape(line)) for line in text.split("<br>")]
        size = font["size"]
        for row, line in enumerate(lines if text else []):
            down = y + (row - (len(lines) - 1) / 2) * size * 1.15
            place = f'x="{_n(x)}" y="{_n(down)}" font-size="{size}" text-anchor="{anchor}"'
            self.parts.append(f"<text {place} {_paint(font['color'])}{extra}>{line}</text>")

    def shapes(self, layer: str) -> None:
        """Rectangles and lines of one layer; x in values, y over the whole plot."""
        for shape in self.layout["shapes"]:
            if shape["type"] not in ("rect", "line") or (shape["xref"], shape["yref"]) != ("x", "paper"):
                raise Unsupported(f"shape {shape['type']} on {shape['xref']} and {shape['yref']}")
            x0, x1 = self.x(shape["x0"]), self.x(shape["x1"])
            if shape["layer"] == layer and shape["type"] == "rect":
                self.parts.append(self._rect(x0, self.top, x1, self.bottom, _paint(shape["fillcolor"])))
            elif shape["layer"] == layer:
                self._line(x0, x1, self.top, self.bottom, shape["line"])

    def bars(self, trace: dict[str, Any]) -> None:
        """Horizontal bars, each stacked on the one before in its row."""
        half, marker = trace["width"] / 2, trace["marker"]
        paint = f"{_paint(marker['color'])} {_stroke(marker['line'])}"
        for value, row in zip(trace["x"], trace["y"], strict=True):
            start = self.stacked.get(row, 0.0)
            self.stacked[row] = start + value
            if value > 0:
                ends = (self.x(start), self.y(row - half), self.x(start + value), self.y(row + half))
                self.parts.append(self._rect(*ends, paint))

    def _points(self, trace: dict[str, Any]) -> list[tuple[float, float]]:
        pairs = zip(trace["x"], trace["y"], strict=True)
        return [(self.x(x), self.y(y)) for x, y in pairs if x is not None and y is not None]

    def lines(self, trace: dict[str, Any]) -> None:
        """A polyline, cut at the edges of the plot."""
        if "lines" in trace["mode"]:
            points = " ".join(f"{_n(x)},{_n(y)}" for x, y in self._points(trace))
            fill = _paint(trace["fillcolor"]) if trace.get("fill") else 'fill="none"'
            shape = f'<polyline points="{points}" {fill} stroke-linejoin="round" clip-path="url(#plot)"'
            self.parts.append(f"{shape} {_stroke(trace['line'])}/>")

    def markers(self, trace: dict[str, Any]) -> None:
        """The symbols of a trace."""
        if "markers" in trace["mode"]:
            for x, y in self._points(trace):
                self.parts.append(self._symbol(trace["marker"], x, y))

    def _symbol(self, marker: dict[str, Any], x: float, y: float) -> str:
        if marker["symbol"] not in SYMBOLS:
            raise Unsupported(f"symbol {marker['symbol']}")
        reach = marker["size"] / 2 * (1.3 if marker["symbol"] == "diamond" else 1)
        path = SYMBOLS[marker["symbol"]].format(p=_n(reach), n=_n(-reach))
        paint = f"{_paint(marker['color'])} {_stroke(marker['line'])}"
        return f'<path transform="translate({_n(x)} {_n(y)})" d="{path}" {paint}/>'

    def texts(self, trace: dict[str, Any]) -> None:
        """Labels with a halo."""
        if "text" in trace["mode"]:
            if trace["textposition"] not in ANCHORS:
                raise Unsupported(f"textposition {trace['textposition']}")
            halo = f' {_paint(self.layout["meta"]["halo"], "stroke")} stroke-width="3" paint-order="stroke"'
            anchor, away = ANCHORS[trace["textposition"]]
            for (x, y), text in zip(self._points(trace), trace["text"], strict=True):
                self._text(x + away, y + 4, text, anchor, trace["textfont"], halo)

    def legend(self) -> None:
        """Entries above the plot, wrapped to its width."""
        entries = [t for t in self.traces if t.get("showlegend", True) and t.get("name")]
        font = self.layout["legend"]["font"]
        columns = legend_columns([unescape(t["name"]) for t in entries], self.right - self.left)
        rows = math.ceil(len(entries) / max(1, len(columns)))
        for index, trace in enumerate(entries):
            row, column = divmod(index, len(columns))
            x, y = self.left + columns[column], self.top - 16 - LEGEND_ROW * (rows - 1 - row)
            self._entry(trace, x, y)
            self._text(x + 34, y + 4, trace["name"], "start", font)

    def _entry(self, trace: dict[str, Any], x: float, y: float) -> None:
        if trace["type"] == "bar":
            self.parts.append(self._rect(x + 8, y - 6, x + 24, y + 6, _paint(trace["marker"]["color"])))
        elif "markers" in trace["mode"]:
            self.parts.append(self._symbol(trace["marker"], x + 16, y))
        else:
            self._line(x, x + 29, y, y, trace["line"])
