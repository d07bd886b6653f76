"""Tables of the report as HTML: heads that say what they head, figures to the right, one element however many cells.

`st.table` draws every cell as a Markdown document of its own, which is slow, and cannot align figures.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from planner.decision.present import Column, Table
from planner.decision.present_tables import AGE, LINK, ROW, SOURCE
from planner.domain.freshness import OLD, UNDATED

ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+)(?:[/?#][^\s\"'<>]*)?")
STYLE = """<style>
.planner-table { overflow-x: auto; margin-bottom: 1rem; }
.planner-table table { border-collapse: collapse; width: 100%; font-size: 0.8125rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
.planner-table caption { text-align: left; font-weight: 600; font-size: 1.1rem; padding: 0.5rem 0; }
.planner-table th, .planner-table td { text-align: left; vertical-align: top; padding: 0.4rem 0.35rem; font-weight: 400;
  overflow-wrap: anywhere; border: 0; border-bottom: 1px solid rgba(128, 128, 128, 0.35); }
.planner-table thead th { font-weight: 600; vertical-align: bottom; }
.planner-table .figure { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.planner-table thead .figure, .planner-table .long { white-space: normal; }
.planner-table td { min-width: 4rem; }
.planner-table tbody th { min-width: 7rem; }
.planner-table td:last-child:not(.figure) { min-width: 8.5rem; }
.planner-table.sources td { min-width: 5.2rem; }
.planner-table.sources br + a { display: inline-block; margin-top: 0.4rem; padding: 0.2rem 0; }
.planner-table .badge { display: inline-block; padding: 0 0.4em; border-radius: 0.5em; font-weight: 600;
  border: 1px solid currentColor; }
</style>"""
LONG = 24
UNIT = "Unit"
BADGES = re.compile(f"{OLD}|{UNDATED}")


def html_table(table: Table) -> str:
    """The table with its caption; user text comes out letter for letter."""
    shown = _shown(table)
    heads = "".join(f'<th scope="col"{_side(c)}>{escape(c.head)}</th>' for c in shown.columns)
    rows = "".join(f"<tr>{_cells(row, shown.columns)}</tr>" for row in shown.rows)
    name, kind = escape(table.title, quote=True), " sources" if len(shown.columns) < len(table.columns) else ""
    return (
        f'{STYLE}<div class="planner-table{kind}" role="region" aria-label="{name}" tabindex="0"><table>'
        f"<caption>{escape(table.title)}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _shown(table: Table) -> Table:
    """The cells as HTML. Beside a source, its address and its row in the catalog need no columns of their own."""
    names = [column.name for column in table.columns]
    folded = {LINK, ROW} if {SOURCE, LINK} <= set(names) else set()
    kept = [i for i, name in enumerate(names) if name not in folded]
    rows = (
        tuple(
            _source(dict(zip(names, row, strict=True)))
            if folded and names[i] == SOURCE
            else _cell(table.columns[i], row[i])
            for i in kept
        )
        for row in table.rows
    )
    return Table(table.title, tuple(table.columns[i] for i in kept), tuple(rows))


def _cells(row: tuple[str, ...], columns: tuple[Column, ...]) -> str:
    first, *rest = row
    others = "".join(f"<td{_side(c, len(text))}>{text}</td>" for text, c in zip(rest, columns[1:], strict=True))
    return f'<th scope="row"{_side(columns[0], len(first))}>{first}</th>{others}'


def _side(column: Column, length: int = 0) -> str:
    """Figures stand to the right and on one line, unless they are words as long as a line."""
    if column.align == "left":
        return ""
    return ' class="figure long"' if length > LONG else ' class="figure"'


def _cell(column: Column, cell: str) -> str:
    """Ages have a badge, rows a link, and units break after a stroke alone.

    A column of figures may be headed by any name that a user typed.
    """
    if column.align == "right":
        return _text(cell)
    if column.name == AGE:
        return BADGES.sub(lambda found: f'<span class="badge">{found[0]}</span>', escape(cell))
    if column.name == UNIT:
        return escape(cell).replace("/", "/<wbr/>")
    return _row(cell) if column.name == ROW else _text(cell)


def _source(row: dict[str, str]) -> str:
    """Who says so, as a link to where it can be read, and a link to the row of the catalog."""
    address, said = row.get(LINK, ""), row[SOURCE]
    told = _link(address, said) if said and ADDRESS.fullmatch(address) else " ".join((escape(said), _text(address)))
    return "<br/>".join(part for part in (told.strip(), _row(row.get(ROW, ""), "catalog row")) if part)


def _text(cell: str) -> str:
    """Escaped; a plain web address becomes a link named by its host."""
    address = ADDRESS.fullmatch(cell)
    return escape(cell) if address is None else _link(cell, address[1])


def _row(cell: str, name: str = "row") -> str:
    """A link to the row on the catalog page, in a tab of its own: this one keeps what is not saved."""
    return _link(f"catalog?row={quote(cell)}", name) if cell else ""


def _link(address: str, name: str) -> str:
    return f'<a href="{escape(address, quote=True)}" target="_blank" rel="noopener noreferrer">{escape(name)}</a>'
