"""The chosen deployment over its load: the curve with target, peak and the most within the target."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from planner.capacity.lookup import Neighbour
from planner.charts.throughput_curve import (
    MeasuredPoint,
    ThroughputCurve,
    throughput_curve_alt,
    throughput_curve_chart,
)
from planner.decision.present_capacity import WEAK_TTFT, Names, ms
from planner.decision.present_capacity_curve import Line, Operating
from planner.decision.present_capacity_sources import same_deployment
from planner.decision.present_capacity_tables import deployment_rows
from planner.domain.capacity import Candidate, Found
from planner.domain.serving import engine_words
from planner.format import percent
from planner.web.answer import show_table, theme
from planner.web.parts import draw
from planner.web.text import md, small

UNITS = ("requests/s", "output tokens/s")


def curve_panel(
    found: Found, c: Candidate, names: Names, at: Operating, near: Sequence[Neighbour], calibrated: Line = ()
) -> None:
    """Chart, what goes on at the peak, and every figure of the deployment."""
    unit = st.segmented_control("Load in", UNITS, default=UNITS[0], required=True, key="capacity-unit") or UNITS[0]
    curve = chart_of(found, c, at, near, unit, calibrated)
    draw(throughput_curve_chart(curve, theme=theme()), throughput_curve_alt(curve), "capacity-curve-chart")
    st.markdown(small(md(_at_the_peak(found, at))))
    st.markdown(small(md(WEAK_TTFT)))
    show_table(deployment_rows(found, c, names))


def chart_of(
    found: Found, c: Candidate, at: Operating, near: Sequence[Neighbour], unit: str, calibrated: Line = ()
) -> ThroughputCurve:
    """The curve in one of both units."""
    times = 1.0 if unit == UNITS[0] else found.request.output_tokens
    serving = max(1, c.replicas - c.spare_replicas)

    def in_unit(line: Line) -> Line:
        return tuple((x * times, y) for x, y in line)

    measured = tuple(
        MeasuredPoint(
            r.output_tokens_per_s / r.output_tokens * serving * times,
            r.tpot_ms,
            ", ".join((r.source_id, r.as_of or "no date", engine_words(r.engine, r.engine_version))),
        )
        for r in (one.row for one in near if same_deployment(one))
        if r.tpot_ms is not None
    )
    return ThroughputCurve(
        unit=unit,
        percentile=found.request.latency.slo_percentile,
        target_tpot_ms=found.request.latency.tpot_slo_ms,
        modelled=in_unit(at.modelled),
        fast=in_unit(at.fast),
        slow=in_unit(at.slow),
        calibrated=in_unit(calibrated),
        measured=measured,
        operating=(at.peak[0] * times, at.peak[1]),
        largest=(at.largest[0] * times, at.largest[1]),
    )


def _at_the_peak(found: Found, at: Operating) -> str:
    percentile = f"P{found.request.latency.slo_percentile:g}"
    return (
        f"At the peak, spares left out: {at.in_service:.1f} requests in service in each replica on average, "
        f"{percentile} wait {ms(at.wait_ms)} and TTFT {ms(at.ttft_ms)}; {percent(at.goodput_fraction)} of requests "
        f"meet both targets. Arrivals are random; measured points are one replica's means times the serving replicas."
    )
