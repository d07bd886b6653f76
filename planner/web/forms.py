"""Several fields at once: each line names a field and what it is called; the widget follows from the field's type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import streamlit as st

from planner.web import fields
from planner.web.editing import panel_key, value_at, widget_key, write_back
from planner.web.field_info import help_of, plain_type
from planner.web.state import PathKey

Words = dict[Any, str]


class Line(NamedTuple):
    """One field of a group: its name, its label with its unit, the step of a number, and words for its choices."""

    name: str
    label: str
    step: float = 1.0
    words: Words | None = None


def form(path: PathKey, lines: Iterable[Line]) -> None:
    """A widget for each line."""
    for line in lines:
        _draw(line, (*path, line.name))


def _draw(line: Line, path: PathKey) -> None:
    kind = plain_type(path)
    if line.words is not None:
        fields.choice(line.label, path, list(line.words), show=lambda value: in_words(line.words or {}, value))
    elif kind is bool:
        fields.flag(line.label, path)
    elif kind is int:
        fields.whole(line.label, path)
    elif kind is Decimal:
        fields.price(line.label, path)
    elif kind is float:
        fields.number(line.label, path, step=line.step)
    elif kind is Literal:
        fields.choice(line.label, path)
    else:
        fields.text(line.label, path)


def in_words(words: Words, value: Any) -> str:
    """A choice in words; one that has none as it is."""
    return words.get(value, str(value))


@contextmanager
def section(label: str, path: PathKey, name: str) -> Iterator[bool]:
    """A folded part of the sidebar. Its content is drawn only when it is open: `with section(...) as is_open`."""
    panel = st.expander(label, key=panel_key(path, name), on_change="rerun", type="compact")
    with panel:
        yield bool(panel.open)


@contextmanager
def panel(label: str, name: str) -> Iterator[bool]:
    """A part of the sidebar itself, drawn only when it is open."""
    found = st.expander(label, key=f"panel-{name}", on_change="rerun")
    with found:
        yield bool(found.open)


def several(label: str, path: PathKey, options: Sequence[str]) -> None:
    """Some of several values, in the order in which they are offered."""
    st.multiselect(
        label,
        options,
        default=list(value_at(path)),
        key=widget_key(path),
        help=help_of(path, None),
        on_change=write_back,
        args=(path, lambda chosen: tuple(name for name in options if name in chosen)),
    )
    fields.problem(path)


def numbers(label: str, path: PathKey) -> None:
    """A list of numbers, typed with spaces, commas or line ends between them."""
    st.text_area(
        label,
        value=" ".join(repr(value).removesuffix(".0") for value in value_at(path)),
        key=widget_key(path),
        help=f"{help_of(path, None)} Numbers with spaces or commas between them.",
        on_change=write_back,
        args=(path, lambda text: tuple(text.replace(",", " ").replace(";", " ").split())),
    )
    fields.problem(path)


def button(label: str, key: str, on_click: Callable[..., None], *args: Any, refused: str | None = None) -> None:
    """A button as wide as the sidebar; with `refused` it cannot be pressed, and that sentence says why."""
    st.button(label, key=key, on_click=on_click, args=args, width="stretch", disabled=refused is not None, help=refused)
