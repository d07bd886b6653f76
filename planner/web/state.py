"""What a browser session holds: one scenario being edited, its history, and where it was saved.

Widget values do not survive a page change, so widgets never hold the truth: they write into the draft (`editing`).
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from planner.catalog.catalog import Catalog, installed
from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.document import parse_scenario
from planner.domain.document_problems import Problem
from planner.domain.facts import Facts
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.store.duck import Store, open_store
from planner.store.errors import StoreError
from planner.store.revisions import SavedRef
from planner.web.text import md

ROOT = Path(__file__).resolve().parents[2]
WORKLOADS = ROOT / "data" / "workloads"
FIRST_WORKLOAD = "azure-conversation"
HISTORY_LIMIT = 50
PathKey = tuple[str | int, ...]
Edit = Callable[[dict[str, Any]], None]
"""A change of the plain document of a scenario."""


class Moment(NamedTuple):
    """What undo goes back to: a scenario, and where the document it belongs to was saved."""

    scenario: Scenario
    saved: SavedRef | None
    saved_scenario: Scenario | None
    document: int


@dataclass
class Draft:
    """The scenario being edited. `epoch` changes when it is replaced from outside, so widgets start afresh.

    `document` tells the documents of one session apart, saved or not. `shown` has the fields that have a widget now.
    `refused` has the edits behind `problems`, to be tried again with the next one.
    """

    scenario: Scenario
    saved: SavedRef | None = None
    saved_scenario: Scenario | None = None
    history: list[Moment] = field(default_factory=list)
    problems: dict[PathKey, Problem] = field(default_factory=dict)
    refused: dict[PathKey, Edit] = field(default_factory=dict)
    shown: set[PathKey] = field(default_factory=set)
    epoch: int = 0
    document: int = 0
    documents: int = 0

    @property
    def dirty(self) -> bool:
        """Whether there is something that is not saved."""
        return self.scenario != self.saved_scenario

    def remember(self) -> None:
        """Put what there is now into the history, before it changes."""
        now = Moment(self.scenario, self.saved, self.saved_scenario, self.document)
        self.history = [*self.history, now][-HISTORY_LIMIT:]

    def start_afresh(self) -> None:
        """New widgets, which show the draft as it is: what was typed in wrongly is gone, and so is its message."""
        self.problems, self.refused = {}, {}
        self.epoch += 1


@st.cache_resource
def catalog() -> Catalog:
    """The catalog with the rows of this installation, read once; whoever adds rows calls `catalog.clear()`."""
    return installed()


def store_path() -> Path:
    """The DuckDB file: PLANNER_STORE, or var/planner.duckdb beside the program."""
    return Path(os.environ.get("PLANNER_STORE") or ROOT / "var" / "planner.duckdb")


@st.cache_resource(on_release=Store.close)
def _open(path: str) -> Store:
    return open_store(Path(path))


def store() -> Store:
    """The scenario store, made on first use. Raises StoreError with the way out."""
    return _open(str(store_path()))


def store_or_warn() -> Store | None:
    """The store, or None after saying on the page why there is none: the rest of the page still works."""
    try:
        return store()
    except StoreError as error:
        st.warning(f"Saving is off. {md(str(error))} PLANNER\\_STORE names the file.", icon="⚠️")
        return None


def today() -> dt.date:
    """The day prices are taken for, UTC; PLANNER_DATE fixes it for tests and for looking back."""
    fixed = os.environ.get("PLANNER_DATE")
    return dt.date.fromisoformat(fixed) if fixed else dt.datetime.now(dt.UTC).date()


def answer(scenario: Scenario) -> tuple[Facts, Result]:
    """Facts and answer of a scenario at today's prices."""
    facts = resolve(scenario, catalog(), today())
    return facts, decide(scenario, facts)


@st.cache_data(show_spinner=False)
def shipped() -> dict[str, str]:
    """The workloads that come with the program: file stem -> document text."""
    names = sorted(WORKLOADS.glob("*.yaml"), key=lambda p: (p.stem != FIRST_WORKLOAD, p.stem))
    return {path.stem: path.read_text("utf-8") for path in names}


@st.cache_data(show_spinner=False)
def shipped_titles() -> dict[str, str]:
    """File stem -> scenario name."""
    return {stem: parse_scenario(text, name=stem).name for stem, text in shipped().items()}


def draft() -> Draft:
    """This session's draft; the Azure conversation workload at first."""
    if "draft" not in st.session_state:
        first = parse_scenario(shipped()[FIRST_WORKLOAD], name=FIRST_WORKLOAD)
        st.session_state["draft"] = Draft(first, saved_scenario=first)
    current: Draft = st.session_state["draft"]
    return current


def open_in_editor(scenario: Scenario, saved: SavedRef | None = None) -> None:
    """Replace the draft by another document; what was there can be had back by undo."""
    current = draft()
    current.remember()
    current.documents += 1
    current.scenario, current.saved, current.saved_scenario = scenario, saved, scenario
    current.document = current.documents
    current.start_afresh()
    st.session_state.pop("upload_problems", None)


def undo() -> None:
    """Back to the scenario before the last change, and to where it was saved."""
    current = draft()
    if current.history:
        current.scenario, current.saved, current.saved_scenario, current.document = current.history.pop()
        current.start_afresh()


def was_saved(scenario: Scenario, ref: SavedRef) -> None:
    """Note where the draft is saved now; undo goes back to an earlier state of the same document, saved there too."""
    current = draft()
    current.saved, current.saved_scenario = ref, scenario
    current.history = [
        then._replace(saved=ref, saved_scenario=scenario) if then.document == current.document else then
        for then in current.history
    ]


def was_renamed(before: SavedRef, ref: SavedRef, name: str) -> None:
    """A saved revision got a name, and so a newer revision: drafts of it follow, so that their next save is not stale.

    A draft of an older revision stays as it is: somebody else's change lies between.
    """
    current = draft()
    if current.saved == before and current.saved_scenario is not None:
        current.scenario, current.saved_scenario = _named(current.scenario, name), _named(current.saved_scenario, name)
        current.saved = ref
        current.epoch += 1
    current.history = [_renamed(then, ref, name) if then.saved == before else then for then in current.history]


def was_repriced(before: SavedRef, ref: SavedRef) -> None:
    """A saved revision got a newer one that differs in its prices alone: drafts of it follow."""
    current = draft()
    current.saved = ref if current.saved == before else current.saved
    current.history = [then._replace(saved=ref) if then.saved == before else then for then in current.history]


def _renamed(then: Moment, ref: SavedRef, name: str) -> Moment:
    saved_scenario = then.saved_scenario and _named(then.saved_scenario, name)
    return then._replace(scenario=_named(then.scenario, name), saved=ref, saved_scenario=saved_scenario)


def _named(scenario: Scenario, name: str) -> Scenario:
    return scenario.model_copy(update={"name": name})
