"""A probe while it runs: how far, how fast, what it has used up, the curve as it grows, and a way to stop it.

Every session that opens the page sees it, so a reload loses nothing.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from planner.charts.probe_curve import probe_curve_chart
from planner.charts.probe_values import Shown, probe_curve_alt
from planner.decision.present import Metric
from planner.decision.present_probe import level_rows
from planner.decision.present_tables import NONE
from planner.domain.measurement import Measurement
from planner.domain.probe_task import Budget
from planner.format import count, plural, short, usd
from planner.probe.progress import Progress
from planner.web.answer import show_table, theme
from planner.web.parts import draw, show_figures
from planner.web.probe_desk import desk
from planner.web.probe_draw import WORDS, curve_of
from planner.web.probe_job import ProbeJob
from planner.web.probe_words import duration
from planner.web.text import md

POLL_S = 0.7
STOPPING = "Stopping: requests in flight are dropped, what was measured is kept"


def progress_panel(job: ProbeJob) -> None:
    """One probe that runs, looked at again and again while the rest of the page stands."""
    desk().watched.add(job.job_id)

    @st.fragment(run_every=POLL_S)
    def again() -> None:
        if job.state != "running":
            st.rerun()
        _show(job)

    with st.container(border=True, key="probe-progress"):
        again()


def _show(job: ProbeJob) -> None:
    """All that is known of it now."""
    progress = job.progress
    st.markdown(
        f"**Probing {md(job.asked.name)}**, {_model(job)}. It goes on when you leave or reload this page, and "
        "everybody who opens it sees it."
    )
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _how_far(job, progress)
    with right:
        _curve(job, progress.so_far if progress else None)
    _table(progress.so_far if progress else None)


def _how_far(job: ProbeJob, progress: Progress | None) -> None:
    step = STOPPING if job.stopping else progress.step if progress else "Asking the server what it is"
    st.html(f'<div role="status" data-testid="probe-step">{escape(_sentence(step))}</div>')
    st.progress(_share(progress), text=md(_runs(progress)))
    show_figures(figures(progress, job.asked.task.budget), f"probe-figures-{job.job_id}", in_a_row=2)
    st.button("Cancel", key=f"probe-cancel-{job.job_id}", on_click=job.stop, disabled=job.stopping)


def _table(so_far: Measurement | None) -> None:
    if so_far is not None and so_far.summary.levels:
        with st.expander("The curve as a table"):
            show_table(level_rows(so_far))


def _model(job: ProbeJob) -> str:
    return f"model {md(job.asked.model)}" if job.asked.model else "the model that it serves"


def _sentence(step: str) -> str:
    return f"{step[:1].upper()}{step[1:]}."


def _share(progress: Progress | None) -> float:
    return min(max(progress.share, 0.0), 1.0) if progress else 0.0


def _runs(progress: Progress | None) -> str:
    if progress is None:
        return "0%"
    done = f"{progress.runs_done} of {plural(progress.runs_planned, 'run')} done"
    here = f"{count(progress.requests_done)} of {plural(progress.requests_planned, 'request')} of this run"
    return f"{_share(progress):.0%}: {done}; {here if progress.requests_planned else 'warming up'}"


def figures(progress: Progress | None, budget: Budget) -> tuple[Metric, ...]:
    """Speed, time left, and what is used up of what may be."""
    if progress is None:
        return tuple(Metric(name, NONE, "not yet") for name in ("Speed", "Time left", "Requests", "Tokens", "Cost"))
    speed, left, cost = progress.output_tokens_per_s, progress.seconds_left, progress.usd_spent
    most = f"of {usd(budget.usd)} at most" if budget.usd is not None else "no limit in dollars"
    return (
        Metric("Speed", NONE if speed is None else short(speed), "output tokens/s, this run so far"),
        Metric("Time left", NONE if left is None else duration(left), f"{duration(progress.seconds_spent)} gone"),
        Metric("Requests", short(progress.requests_spent), f"of {short(budget.requests)} at most"),
        Metric("Tokens", short(progress.tokens_spent), f"of {short(budget.tokens)} at most"),
        Metric("Cost", NONE if cost is None else usd(cost), "no price is known" if cost is None else most),
    )


def _curve(job: ProbeJob, so_far: Measurement | None) -> None:
    shown = shown_box(f"probe-shown-{job.job_id}")
    curve = curve_of(so_far, shown, planned=job.asked.task.levels, predicted=job.asked.predicted.get(shown, ()))
    draw(probe_curve_chart(curve, theme=theme()), probe_curve_alt(curve), f"probe-live-{job.job_id}")


def shown_box(key: str) -> Shown:
    """Which of the three panels."""
    names: list[Shown] = list(WORDS)
    return st.segmented_control(
        "Shown over requests in flight", names, default=names[0], required=True, format_func=WORDS.__getitem__, key=key
    )
