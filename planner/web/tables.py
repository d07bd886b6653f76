"""Tables of the report as HTML: heads that say what they head, figures to the right, one element however many cells.

`st.table` draws every cell as a Markdown document of its own, which is slow, and cannot align figures.
"""

from __future__ import annotations

import re
from html import escape

from planner.decision.present import Table

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
.planner-table thead .figure { white-space: normal; }
.planner-table td { min-width: 4rem; }
.planner-table tbody th { min-width: 7rem; }
.planner-table td:last-child:not(.figure) { min-width: 8.5rem; }
</style>"""


def html_table(table: Table) -> str:
    """The table with its caption; user text comes out letter for letter."""
    classes = [' class="figure"' if column.align == "right" else "" for column in table.columns]
    heads = "".join(f'<th scope="col"{c}>{escape(h)}</th>' for h, c in zip(table.heads, classes, strict=True))
    rows = "".join(f"<tr>{_cells(row, classes)}</tr>" for row in table.rows)
    name = escape(table.title, quote=True)
    return (
        f'{STYLE}<div class="planner-table" role="region" aria-label="{name}" tabindex="0"><table>'
        f"<caption>{escape(table.title)}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(row: tuple[str, ...], classes: list[str]) -> str:
    first, *rest = (_text(cell) for cell in row)
    others = "".join(f"<td{c}>{text}</td>" for text, c in zip(rest, classes[1:], strict=True))
    return f'<th scope="row">{first}</th>{others}'


def _text(cell: str) -> str:
    """Escaped; a plain web address becomes a link named by its host."""
    address = ADDRESS.fullmatch(cell)
    if address is None:
        return escape(cell)
    return f'<a href="{escape(cell, quote=True)}" target="_blank" rel="noopener noreferrer">{escape(address[1])}</a>'
