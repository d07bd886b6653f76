"""Points measured on one's own server, pasted as a table, with the request shape of the runs."""

from __future__ import annotations

import streamlit as st

from planner.decision.measured_doubts import all_doubts, citation
from planner.domain.calibration_text import HEADER, PointsError, parse_points, points_text
from planner.domain.options import SelfHosted
from planner.domain.serving import CalibrationPoints, Points
from planner.web import fields
from planner.web.editing import value_at, widget_key
from planner.web.forms import Line, button, form, section
from planner.web.option_switch import Changes, set_many
from planner.web.routes import PROBE
from planner.web.state import PathKey, draft, today
from planner.web.text import md, small
from planner.workload.demand import class_arrays, mean_shape

SHAPE = (
    Line("input_tokens", "Prompt tokens computed per request in the runs", 100),
    Line("output_tokens", "Output tokens per request in the runs", 10),
)
HOW = (
    "One load a line, on one replica: requests kept in flight, output tokens per second, and, where you have them, "
    "mean time to first token and mean time per token in ms. Three loads or more; the highest where the rate stops "
    "rising."
)


def calibration_inputs(path: PathKey, option: SelfHosted) -> None:
    """The table of points, and what it was measured with."""
    where = (*path, "calibration")
    with section("Measured on your own server", path, "calibration") as is_open:
        if not is_open:
            return
        _table(path, option)
        if option.calibration is not None:
            if option.calibration.measured_by is not None:
                _cited(option, option.calibration)
            else:
                form(where, SHAPE)
                fields.provenance_inputs((*where, "provenance"))
            button("Remove the measured points", widget_key((*where, "remove")), _remove, path)
        fields.problem(where)


def _cited(option: SelfHosted, points: CalibrationPoints) -> None:
    """The measurement that the points were taken from, with what its guards said. Its lengths are not typed over."""
    shape = f"{points.input_tokens:,.0f} prompt tokens computed and {points.output_tokens:,.0f} generated per request"
    st.info(f"Cites {md(citation(points))}: {md(shape)}. Points changed by hand no longer cite it.", icon="📏")
    for doubt in all_doubts(option, points):
        st.warning(md(doubt), icon="⚠️")
    if points.measured_by is not None:
        st.page_link(PROBE, label="See the measurement", query_params={"m": points.measured_by.measurement_id})


def _table(path: PathKey, option: SelfHosted) -> None:
    where = (*path, "calibration", "points")
    key = _text_key(path)
    if key not in st.session_state:
        st.session_state[key] = points_text(option.calibration.points) if option.calibration else ""
    st.text_area(
        "Loads and what came out",
        key=key,
        help=HOW,
        placeholder=f"{HEADER}\n1, 95\n16, 1180\n64, 2900",
        on_change=_take,
        args=(path, option),
    )
    draft().shown.add(where)
    wrong = st.session_state.get(f"{key}-wrong")
    if wrong:
        st.error(md(wrong), icon="⚠️")
    st.markdown(small(HOW))


def _take(path: PathKey, option: SelfHosted) -> None:
    """The pasted points go into the draft, or the message under the table says why not."""
    key = _text_key(path)
    st.session_state.pop(f"{key}-wrong", None)
    text = st.session_state[key]
    if not text.strip():
        set_many(path, {"calibration": None})
        return
    try:
        points = parse_points(text)
    except PointsError as wrong:
        st.session_state[f"{key}-wrong"] = str(wrong)
        return
    held = _held(option.calibration, points) if option.calibration else _start(option)
    set_many(path, {"calibration": {**held, "points": tuple(point.model_dump() for point in points)}})


def _held(before: CalibrationPoints, points: Points) -> Changes:
    """What stands beside the points; those that were changed by hand no longer cite the measurement they came from."""
    if before.measured_by is None or before.points == points:
        return before.model_dump()
    source = f"changed by the scenario's owner; before: {before.provenance.source}"[:200]
    return before.model_dump() | {"measured_by": None, "provenance": {"origin": "measured", "source": source}}


def _start(option: SelfHosted) -> Changes:
    """The lengths of this scenario, as a probe should have them; measured by its owner, today."""
    arrays = class_arrays(draft().scenario.workload)
    own = arrays.in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    prompt, output = mean_shape(own, option.prefix_cache_hit_fraction)
    return {
        "input_tokens": max(round(prompt, 3), 1.0),
        "output_tokens": max(round(output, 3), 1.0),
        "provenance": {
            "origin": "measured",
            "source": "measured by the scenario's owner",
            "as_of": today().isoformat(),
        },
    }


def _text_key(path: PathKey) -> str:
    """Key of the table's text, which is no field of the document itself."""
    return widget_key((*path, "calibration", "points", "text"))


def _remove(path: PathKey) -> None:
    st.session_state[_text_key(path)] = ""
    held = value_at((*path, "calibration"))
    before = held.measured_by.source_before if held is not None and held.measured_by else "auto"
    set_many(path, {"calibration": None, "throughput_source": before})
