"""The risk page: the answer over all draws, what moves it, what is worth knowing, and who wins where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from planner.charts.risk_band import risk_band_alt, risk_band_chart
from planner.charts.tornado import tornado_alt, tornado_chart
from planner.charts.winner_map import winner_map_alt, winner_map_chart
from planner.decision import present_risk as words
from planner.decision import present_risk_tables as tables
from planner.decision.risk import assess
from planner.decision.winner_map import MAP_DRIVERS, winner_map
from planner.domain.facts import Facts
from planner.domain.result import Result
from planner.domain.risk import Risk, WinnerMap
from planner.domain.scenario import Scenario
from planner.domain.uncertainty import Uncertainty
from planner.web.answer import CHART_CONFIG, show_table, theme
from planner.web.fields import whole
from planner.web.text import md, small

SETTINGS = "risk-settings"
BOXES = {"yes": st.success, "no": st.info, "cannot_tell": st.warning}


def _text(value: Scenario | Facts) -> str:
    return value.model_dump_json()


_BY_TEXT: dict[str | type[Any], Callable[[Any], Any]] = {Scenario: _text, Facts: _text}


@st.cache_data(show_spinner="Drawing\N{HORIZONTAL ELLIPSIS}", max_entries=32, hash_funcs=_BY_TEXT)
def assessed(scenario: Scenario, facts: Facts, draws: int, seed: int) -> Risk:
    """The answer over the draws; once for the same question, draws and seed."""
    return assess(scenario, facts, draws=draws, seed=seed)


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=_BY_TEXT)
def mapped(scenario: Scenario, facts: Facts, driver: str) -> WinnerMap | None:
    """The recommendation over volume and one other figure."""
    return winner_map(scenario, facts, "volume", driver)


def settings(scenario: Scenario) -> tuple[int, int]:
    """Draws and seed: those of the scenario when it has ranges, else kept for this session alone."""
    draws, seed = st.columns(2)
    if scenario.uncertainty is not None:
        with draws:
            whole("Draws", ("uncertainty", "draws"))
        with seed:
            whole("Seed", ("uncertainty", "seed"))
        return scenario.uncertainty.draws, scenario.uncertainty.seed
    usual = Uncertainty()
    with draws:
        _own("Draws", "draws", usual.draws, (100, 200_000))
    with seed:
        _own("Seed", "seed", usual.seed, (0, 2**53 - 1))
    kept = _kept()
    return kept.get("draws", usual.draws), kept.get("seed", usual.seed)


def _kept() -> dict[str, int]:
    kept: dict[str, int] = st.session_state.setdefault(SETTINGS, {})
    return kept


def _own(label: str, name: str, usual: int, ends: tuple[int, int]) -> None:
    key = f"risk-{name}"
    st.number_input(
        label,
        min_value=ends[0],
        max_value=ends[1],
        value=_kept().get(name, usual),
        step=1,
        key=key,
        help=md(Uncertainty.model_fields[name].description or ""),
        on_change=_keep,
        args=(name, key),
    )


def _keep(name: str, key: str) -> None:
    _kept()[name] = st.session_state[key]


def show_headline(risk: Risk) -> None:
    """How often the recommendation wins, and four figures."""
    with st.container(border=True, key="risk-answer"):
        st.markdown(f"### {md(words.headline(risk))}")
        for sentence in words.support(risk):
            st.markdown(md(sentence))
    found = words.metrics(risk)
    if found:
        with st.container(key="risk-metrics"):
            for column, metric in zip(st.columns(len(found)), found, strict=True):
                with column:
                    st.metric(md(metric.label), metric.value)
                    st.markdown(small(md(metric.note)))


def _chart(figure: dict[str, Any], key: str, alt: str) -> None:
    st.plotly_chart(figure, theme=None, key=key, config=CHART_CONFIG, alt=alt)


def show_spread(risk: Risk) -> None:
    """Bands of monthly cost, and the table of them."""
    st.subheader("What each option may cost")
    st.markdown("Today's value of all spend, spread evenly over the months of the horizon.")
    _chart(risk_band_chart(risk, theme=theme()), "risk-band-chart", risk_band_alt(risk))
    show_table(tables.spread_rows(risk))


def show_tornado(risk: Risk) -> None:
    """What moves the difference between the two sides."""
    st.subheader("What moves the difference")
    if not risk.tornado:
        st.markdown("Every figure is certain, so nothing moves it.")
        return
    st.markdown(md(f"{tables.tornado_title(risk)}, all others at P50. Right of 0 the recommendation is cheaper."))
    _chart(tornado_chart(risk, theme=theme()), "tornado-chart", tornado_alt(risk))
    show_table(tables.tornado_rows(risk))


def show_flips(result: Result) -> None:
    """DEC-3: what would change the decision."""
    st.subheader("What would flip this")
    st.markdown(md(words.nearest_flip(result)))
    show_table(tables.switch_rows(result))


def show_worth(risk: Risk) -> None:
    """UNC-4 to UNC-6: is measuring worth it?"""
    st.subheader("Is measuring worth it?")
    box = st.info if risk.probe is None else BOXES[risk.probe.worth]
    first, *rest = words.probe_sentences(risk)
    box(f"**{md(words.probe_title(risk))}.** {md(first)}")
    for sentence in rest:
        st.markdown(small(md(sentence)))
    show_table(tables.worth_rows(risk))


@st.fragment
def show_map(scenario: Scenario, facts: Facts, result: Result) -> None:
    """Who wins where. A fragment: another figure does not draw the page again."""
    st.subheader("Who wins where")
    others = [name for name in MAP_DRIVERS if name != "volume"]
    chosen = st.selectbox(
        "Volume across, and up the map:",
        others,
        index=others.index("api_price"),
        format_func=tables.driver_label,
        key="map-driver",
    )
    plane = mapped(scenario, facts, chosen)
    if plane is None:
        st.info("No map: no option has a price and meets every hard constraint.", icon="ℹ️")
        return
    _chart(winner_map_chart(plane, result, theme=theme()), "winner-map-chart", winner_map_alt(plane, result))


def show_ranges(risk: Risk) -> None:
    """The ranges drawn from, with who says so."""
    show_table(tables.range_rows(risk))
    st.markdown(small(md(words.seed_note(risk))))
