"""One kept measurement: its curve, what its guards said, every run, how it was made, beside another, and its use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import streamlit as st

from planner.capacity.calibration import calibrate
from planner.capacity.measurement.document import measurement_json
from planner.capacity.measurement.points import Refused, calibration_points, shape_delivered
from planner.charts.labels import Point
from planner.charts.probe_curve import probe_curve_chart
from planner.charts.probe_values import probe_curve_alt
from planner.decision.present_probe import about_rows, error_rows, flag_rows, level_rows, run_rows
from planner.decision.throughput_calibrated import probe_points
from planner.domain.measured_run import Flag, Severity
from planner.domain.measurement import Measurement
from planner.probe.errors import ProbeError
from planner.probe.kept import forget, kept
from planner.web import probe_words as words
from planner.web.answer import show_table, theme
from planner.web.parts import draw, show_figures
from planner.web.probe_compare import compare_panel
from planner.web.probe_declared import gpu_words
from planner.web.probe_desk import MEASUREMENT_ID, PARAMETER, close_measurement, desk, words_of
from planner.web.probe_draw import curve_of
from planner.web.probe_job import Lines
from planner.web.probe_predicted import Requests, predicted_lines
from planner.web.probe_progress import shown_box
from planner.web.probe_tables import detail_rows
from planner.web.probe_use import use_panel
from planner.web.share import base_url
from planner.web.state import catalog
from planner.web.text import md, small

TABS, USE = "probe-tabs", "Use in the plan"
FITTED_POINTS = 40
GUARDS: dict[Severity, tuple[str, Callable[..., object], str]] = {
    "unusable": ("**Not used for any figure:**", st.error, "⛔"),
    "doubt": ("**To be doubted, wherever its figures go:**", st.warning, "⚠️"),
}


def result_panel(measurement_id: str) -> None:
    """A kept measurement, or that there is none of this name."""
    try:
        found = kept(measurement_id) if MEASUREMENT_ID.fullmatch(measurement_id) else None
    except ProbeError as error:
        found = None
        st.warning(md(words_of(error)), icon="⚠️")
    if found is None:
        st.warning(
            "This server keeps no such measurement: it was forgotten, or the link is of another installation.", icon="⚠️"
        )
        st.button("Back to all measurements", key="probe-back", on_click=close_measurement)
        return
    _summary(found)
    _actions(found)
    _sections(found)


def _summary(m: Measurement) -> None:
    st.subheader(md(words.title(m, catalog().tables)))
    st.markdown(small(md(f"{words.when(m)} Tokens of a request: {words.lengths(m)}.")))
    with st.container(border=True, key="probe-answer"):
        first, *others = words.sentences(m)
        st.markdown(f"**{md(first)}**")
        for sentence in others:
            st.markdown(md(sentence))
    show_figures(words.metrics(m), "probe-metrics", in_a_row=4)
    _guards(m)


def _guards(m: Measurement) -> None:
    """What makes figures doubtful stands above them; notes are folded."""
    said = [(flag, where) for flag, where in words.said_by_guards(m) if flag.message != m.summary.reason]
    lines = {severity: [_line(flag, where) for flag, where in said if flag.severity == severity] for severity in GUARDS}
    for severity, (heading, box, icon) in GUARDS.items():
        if lines[severity]:
            box(f"{heading}\n" + "\n".join(lines[severity]), icon=icon)
    notes = [_line(flag, where) for flag, where in said if flag.severity == "note"]
    if notes:
        with st.expander(f"Notes ({len(notes)})"):
            st.markdown("\n".join(notes))


def _line(flag: Flag, where: str) -> str:
    return f"- {md(flag.message)}" + (f" ({md(where)})" if where else "")


def _actions(m: Measurement) -> None:
    with st.container(horizontal=True, key="probe-actions"):
        st.button(USE, type="primary", key="probe-go", on_click=_go_to_use)
        st.download_button(
            "Download measurement",
            data=lambda: measurement_json(m),
            file_name=f"{words.file_stem(m)}.json",
            mime="application/json",
            on_click="ignore",
            key="probe-download",
            help="Everything on this page as JSON, for another installation or `planner probe`. No prompts, answers, "
            "address or key are in it.",
        )
        with st.popover("Link", key="probe-link"):
            st.markdown("For everybody who reaches this server:")
            st.code(f"{base_url()}/probe?{PARAMETER}={m.measurement_id}", language=None, wrap_lines=True)
        with st.popover("Forget this measurement", key="probe-forget"):
            st.markdown(
                "Deletes it from this server, for everybody. Scenarios keep the points that they took over, and what "
                "they cite can no longer be looked up here."
            )
            st.button("Forget it", key="probe-forget-yes", on_click=_forget, args=(m,))
        st.button("Back to all measurements", key="probe-back", on_click=close_measurement)


def _go_to_use() -> None:
    st.session_state[TABS] = USE


def _forget(m: Measurement) -> None:
    with suppress(ProbeError):  # somebody else was quicker
        forget(m.measurement_id)
    close_measurement()
    desk().well(f"The measurement of {words.server_words(m)} is forgotten.")


def _sections(m: Measurement) -> None:
    """Only the open tab is drawn."""
    parts: dict[str, Callable[[], None]] = {
        "Curve": lambda: _curve(m),
        USE: lambda: use_panel(m),
        "Every run": lambda: _runs(m),
        "How it was made": lambda: _made(m),
        "Beside another": lambda: compare_panel(m),
    }
    for tab, show in zip(st.tabs(list(parts), key=TABS, on_change="rerun"), parts.values(), strict=True):
        with tab:
            if tab.open:
                show()


def _curve(m: Measurement) -> None:
    shown = shown_box("probe-shown")
    fitted = _fitted(m) if shown == "throughput" else ()
    curve = curve_of(m, shown, predicted=_predicted(m).get(shown, ()), fitted=fitted)
    draw(probe_curve_chart(curve, theme=theme()), probe_curve_alt(curve), "probe-curve")
    st.markdown(
        small(
            "Medians over the usable repeats of each load, with a bar from the least to the most. Throughput is that "
            "of the steady part of a run where it has one; latencies are means, their 95th percentiles are below."
        )
    )
    if m.summary.levels:
        show_table(level_rows(m))


def _predicted(m: Measurement) -> Lines:
    """What the model would have said of this server; nothing where its owner did not say what it is."""
    try:
        shape = shape_delivered(m)
    except Refused:
        return {}
    server = m.server
    return predicted_lines(m.declared, Requests(*shape), server.engine, server.engine_version, catalog().tables)


def _fitted(m: Measurement) -> tuple[Point, ...]:
    """The line that a plan would take (CAP-13), over the loads that were held."""
    try:
        points = calibration_points(m)
    except ValueError:
        return ()
    if len(points.points) < 2:
        return ()
    shape = calibrate(probe_points(points)).shapes[0]
    loads = [point.requests_in_flight for point in points.points]
    span = np.geomspace(loads[0], loads[-1], FITTED_POINTS).tolist()
    return tuple(zip(span, shape.output_tokens_per_s(span).tolist(), strict=True))


def _runs(m: Measurement) -> None:
    show_table(run_rows(m))
    if any(run.errors for run in m.runs):
        show_table(error_rows(m))
    if m.flags or any(run.flags for run in m.runs):
        show_table(flag_rows(m))
    st.markdown(
        small(
            "A run that is not used carries a flag that says why. Counts agree: whether the server's own counters "
            "moved by exactly what its answers told."
        )
    )


def _made(m: Measurement) -> None:
    show_table(about_rows(m, gpu_words(m.declared, catalog().tables)))
    show_table(detail_rows(m))
