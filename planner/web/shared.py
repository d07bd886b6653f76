"""Opening a link: by id and revision from the store, or from the link itself."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from planner import __version__
from planner.decision import present
from planner.decision.evaluate import decide
from planner.decision.reprice import Priced
from planner.domain.facts import Facts
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.store.errors import StoreError
from planner.store.link import LinkError, decode
from planner.store.revisions import SavedRef
from planner.web.catalog_reprice import reprice_panel
from planner.web.routes import DECIDE, SCENARIOS, VIEW
from planner.web.state import open_in_editor, store
from planner.web.text import md, small

WAY_OUT = "Ask for the link again, or start from an example on the Decide page."


class Opened(NamedTuple):
    """A shared scenario with its pinned facts, decided again from them."""

    scenario: Scenario
    facts: Facts
    result: Result
    revision: int | None = None
    latest_revision: int | None = None
    scenario_id: str | None = None
    saved_answer: str | None = None


def open_link() -> Opened | None:
    """What the address asks for; None after saying why it cannot be shown."""
    try:
        return _opened(dict(st.query_params))
    except (LinkError, StoreError) as error:
        st.title("This link cannot be opened")
        st.error(md(str(error)), icon="⚠️")
        st.write(WAY_OUT)
        st.page_link(DECIDE, label="Go to Decide")
        return None


def _opened(query: dict[str, str]) -> Opened | None:
    if token := query.get("x"):
        scenario, facts = decode(token)
        return Opened(scenario, facts, _decided(scenario, facts))
    if scenario_id := query.get("s"):
        saved = store().load(scenario_id, _revision(query.get("r")))
        return Opened(
            saved.scenario,
            saved.facts,
            _decided(saved.scenario, saved.facts),
            saved.revision,
            saved.latest_revision,
            saved.scenario_id,
            saved.answer,
        )
    st.title("Shared scenario")
    st.info("Open a link that somebody sent you, or one from the Scenarios page.", icon="ℹ️")
    st.page_link(SCENARIOS, label="Go to Scenarios")
    return None


def _decided(scenario: Scenario, facts: Facts) -> Result:
    """The answer from the facts of a link, which anybody can write: figures no answer can be made of are refused."""
    try:
        return decide(scenario, facts)
    except (ValueError, ArithmeticError) as error:
        raise LinkError("The figures in this link give no answer.", WAY_OUT) from error


def _revision(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise LinkError(f"The revision {text[:20]!r} in the link is not a number.", "Ask for the link again.")
    return int(text)


def banner(opened: Opened) -> None:
    """What the reader is looking at."""
    origin = "from the link itself" if opened.revision is None else f"revision {opened.revision}"
    st.info(
        f"Read-only, {origin}, with the prices of {opened.facts.on}, "
        f"made by version {md(opened.facts.engine_version)}.",
        icon="🔒",
    )
    if opened.revision and opened.latest_revision and opened.latest_revision > opened.revision:
        st.page_link(
            VIEW,
            label=f"There is a newer revision: {opened.latest_revision}",
            query_params={"s": opened.scenario_id or "", "r": str(opened.latest_revision)},
        )
    now = present.headline(opened.scenario, opened.result)
    if opened.saved_answer is not None and opened.saved_answer != now:
        st.warning(
            f"This version of the program ({__version__}) words or computes the answer differently. "
            f"When it was saved it said: {md(opened.saved_answer)}",
            icon="⚠️",
        )
    if opened.scenario.owner:
        st.markdown(small(f"Owner: {md(opened.scenario.owner)}"))


def start_copy(opened: Opened) -> None:
    """Take the scenario into the editor; prices there are today's."""
    open_in_editor(opened.scenario)
    st.session_state["go_to_editor"] = True


def finish_copy() -> None:
    """After a copy was started: go to the editor."""
    if st.session_state.pop("go_to_editor", False):
        st.switch_page(DECIDE)


def reprice(opened: Opened) -> None:
    """What today's catalog changes; the shared figures stay as they are."""
    ref = SavedRef(opened.scenario_id, opened.revision) if opened.scenario_id and opened.revision else None
    reprice_panel(opened.scenario, Priced(opened.facts, opened.result), ref, opened.latest_revision)
