"""One import: what it says of demand, what it was read from, what it cannot say, and the way into the scenario."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from planner.charts.length_histogram import Side, length_histogram_alt, length_histogram_chart
from planner.charts.load_curve import load_curve_alt, load_curve_chart
from planner.charts.week_heat import week_heat_alt, week_heat_chart
from planner.decision.present_tables import Table
from planner.domain.usage import TokenLengths, UsageProfile
from planner.usage.errors import UsageError
from planner.usage.kept import forget, usage_folder
from planner.web import usage_tables as tables
from planner.web import usage_words as words
from planner.web.answer import show_table, theme
from planner.web.parts import draw, show_figures
from planner.web.state import draft
from planner.web.tables import html_table
from planner.web.text import md, small
from planner.web.usage_desk import close_import, desk, kept_import
from planner.web.usage_money import money_sections
from planner.web.usage_use import use_panel
from planner.workload.forecast import forecast

TABS = "usage-tabs"
USE = "Use in scenario"


def result_panel(profile_id: str) -> None:
    """A kept import, or that there is none of this name."""
    profile = kept_import(profile_id)
    _told()
    if profile is None:
        st.warning(
            "This server keeps no such import: it was forgotten, or the link is of another installation.", icon="⚠️"
        )
        st.button("Back to all imports", key="usage-back", on_click=close_import)
        return
    st.subheader(md(profile.name))
    st.markdown(md(words.summary(profile)))
    if rejected := words.rejected(profile):
        st.warning(md(rejected), icon="⚠️")
    if profile.notes:
        st.markdown("\n".join(f"- {md(note)}" for note in profile.notes))
    _actions(profile)
    _sections(profile)


def _told() -> None:
    current = desk()
    if current.told:
        st.success(md(current.told), icon="✅")
        current.told = ""


def _actions(profile: UsageProfile) -> None:
    with st.container(horizontal=True, key="usage-actions"):
        st.button(USE, type="primary", key="usage-go", on_click=_go_to_use)
        st.download_button(
            "Download profile",
            data=lambda: profile.model_dump_json(indent=2).encode(),
            file_name=f"{words.file_stem(profile)}.json",
            mime="application/json",
            on_click="ignore",
            key="usage-download",
            help="Everything on this page as JSON, for `planner usage` and other tools. No prompts, no ids of people.",
        )
        with st.popover("Forget this import", key="usage-forget"):
            st.markdown(
                "Deletes profile and rollup from this server, for everybody. Scenarios keep the figures that they took "
                "over; pricing this log and comparing it with a plan need it imported again."
            )
            st.button("Forget it", key="usage-forget-yes", on_click=_forget, args=(profile,))
        st.button("Back to all imports", key="usage-back", on_click=close_import)


def _go_to_use() -> None:
    st.session_state[TABS] = USE


def _forget(profile: UsageProfile) -> None:
    with suppress(UsageError):  # somebody else was quicker
        forget(usage_folder(), profile.profile_id)
    close_import()
    desk().told = f"{profile.name} is forgotten."


def sections(profile: UsageProfile) -> dict[str, Callable[[], None]]:
    """Name of each tab and what draws it; a later one is one more line."""
    return {
        "Demand": lambda: _show_demand(profile),
        "Lengths": lambda: _show_lengths(profile),
        "Models": lambda: _show_models(profile),
        "What was read": lambda: _show_sources(profile),
        USE: lambda: use_panel(profile),
        **money_sections(profile),
    }


def _sections(profile: UsageProfile) -> None:
    """Only the open tab is drawn."""
    parts = sections(profile)
    for tab, show in zip(st.tabs(list(parts), key=TABS, on_change="rerun"), parts.values(), strict=True):
        with tab:
            if tab.open:
                show()


def _show_demand(profile: UsageProfile) -> None:
    show_figures(words.metrics(profile), "usage-figures", in_a_row=5)
    if profile.week:
        st.markdown("**The week.** How busy each hour is, in times the mean hour.")
        draw(week_heat_chart(profile, theme=theme()), week_heat_alt(profile), "usage-week")
        _same("week", tables.week_table(profile))
    show_table(tables.peak_rows(profile))
    if profile.planning_week:
        st.markdown(small("Windows begin with the log's first request; the figures on top go by hours of the clock."))
    if profile.load_duration:
        st.markdown("**Hours by load.** For which share of the hours demand is at a level or above.")
        draw(load_curve_chart(profile, theme=theme()), load_curve_alt(profile), "usage-curve")
        _same("curve", tables.curve_rows(profile))
    _show_forecast(profile)
    _show_unknown(profile, "Shape", "Hours", "All hours", "Busiest", "Peaks", "Day of", "Growth", "Requests in", "Most")


def _show_forecast(profile: UsageProfile) -> None:
    """The log's trend carried on over the horizon of the scenario that is being edited."""
    months = draft().scenario.horizon_months
    box = st.expander(f"Forecast of the next {months} months", key="usage-forecast", on_change="rerun")
    if not box.open:
        return
    with box:
        found = forecast(profile, months, draft().scenario.calendar)
        if found is None:
            st.markdown("The log has no volume a day to carry on: it is too short.")
            return
        st.markdown(f"Confidence: {found.confidence}. {md(found.note)}")
        st.html(html_table(tables.forecast_rows(found)))


def _same(name: str, table: Table) -> None:
    """A chart's figures as a table, folded."""
    box = st.expander("The same as a table", key=f"usage-table-{name}", on_change="rerun")
    if box.open:
        with box:
            st.html(html_table(table))


def _show_lengths(profile: UsageProfile) -> None:
    both: tuple[tuple[Side, TokenLengths | None], ...] = (
        ("input", profile.input_lengths),
        ("output", profile.output_lengths),
    )
    known = [(side, found) for side, found in both if found is not None]
    if known:
        show_table(tables.quantile_rows(profile))
    for side, found in known:
        if found.histogram:
            draw(
                length_histogram_chart(found, side, theme=theme()),
                length_histogram_alt(found, side),
                f"usage-lengths-{side}",
            )
            _same(f"lengths-{side}", tables.band_rows(found, side))
    _show_unknown(profile, "Lengths")


def _show_models(profile: UsageProfile) -> None:
    show_table(tables.class_rows(profile))
    if profile.billed:
        show_table(tables.billed_rows(profile))
    _show_unknown(profile, "Requests, and", "Prompt", "Output", "Cached", "Tokens", "Reasoning")


def _show_unknown(profile: UsageProfile, *starts: str) -> None:
    """What this part cannot say, beside what it says."""
    table = tables.unknown_rows(profile)
    rows = tuple(row for row in table.rows if row[0].startswith(starts))
    if rows:
        st.html(html_table(table._replace(rows=rows)))


def _show_sources(profile: UsageProfile) -> None:
    show_table(tables.source_rows(profile))
    if profile.rejects:
        show_table(tables.reject_rows(profile))
    else:
        st.markdown("Every row could be used.")
    show_table(tables.unknown_rows(profile))
    st.markdown(small(f"Imported on {profile.imported_on}. Fingerprint of sources and choices: {profile.profile_id}."))
