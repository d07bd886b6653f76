"""Run it from here: which server, what is sent, what it may use up at most, and the start."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import streamlit as st

from planner.capacity.measurement.levels import Planned, planned
from planner.catalog.tables import Tables
from planner.decision.present import Metric
from planner.decision.present_tables import NONE
from planner.domain.measurement import Declared
from planner.domain.probe_task import ProbeTask
from planner.format import plural, short, usd
from planner.probe.errors import ProbeError
from planner.probe.targets import ConfiguredTarget, configured_targets
from planner.units import MTOK, SECONDS_PER_HOUR
from planner.web.parts import show_figures
from planner.web.probe_declared import declared_boxes, gpu_words
from planner.web.probe_desk import desk, words_of
from planner.web.probe_job import Lines
from planner.web.probe_plan_view import PlanView
from planner.web.probe_predicted import Requests, predicted_lines
from planner.web.probe_shape import Prices, shape_boxes
from planner.web.probe_where import ONLY_LISTED, may_type_address
from planner.web.probe_words import duration
from planner.web.probe_work import Chosen, start
from planner.web.state import catalog
from planner.web.text import md, small

TYPED = ""
TYPED_WORDS = "An address on this machine"
HOW_TO_LIST = (
    "The operator lists servers in `var/probe-targets.yaml`, or in the file that `PLANNER_PROBE_TARGETS` names. "
    "Everybody may measure beside the GPU and bring the result: see the next tabs."
)


def run_panel(plan: PlanView) -> None:
    """Target, task, what it takes, and the button."""
    tables = catalog().tables
    chosen = _target(plan, tables)
    if chosen is None:
        return
    declared = chosen.declared
    if unlike := differs(declared, plan.declared, tables):
        st.warning(md(unlike), icon="⚠️")
    price = declared.usd_per_gpu_hour
    prices = Prices(usd_per_hour=None if price is None else price * declared.gpus)
    wanted = shape_boxes(plan.task, prices, plan.key)
    for problem in wanted.problems:
        st.error(md(problem), icon="⚠️")
    if wanted.task is not None:
        _confirmed(chosen, wanted.task, _predicted(chosen, wanted.task, tables))


def differs(declared: Declared, wanted: Declared, tables: Tables) -> str:
    """That a measurement of this server could not go into the option, said before it is made; empty when it could."""
    parts = (
        (gpu_words(declared, tables), gpu_words(wanted, tables)),
        (declared.model_id, wanted.model_id),
        (declared.format_id, wanted.format_id),
    )
    unlike = [(said, meant) for said, meant in parts if said and meant and said != meant]
    if not unlike:
        return ""
    said, meant = (", ".join(pair[side] for pair in unlike) for side in (0, 1))
    return f"This server is said to be {said}; the option is {meant}. Its measurement could not go into that option."


def _target(plan: PlanView, tables: Tables) -> Chosen | None:
    """The server, or None after saying why there is none to choose."""
    try:
        found = {target.name: target for target in configured_targets()}
    except ProbeError as error:
        st.warning(f"The operator's list of servers cannot be used: {md(words_of(error))}", icon="⚠️")
        found = {}
    free = may_type_address()
    offered = [*found, *([TYPED] if free else [])]
    if not offered:
        st.info(f"{ONLY_LISTED} None is listed yet.", icon="ℹ️")
        st.markdown(small(HOW_TO_LIST))
        return None
    name = st.selectbox("Server", offered, format_func=lambda i: i or TYPED_WORDS, key="probe-target")
    if not free:
        st.markdown(small(ONLY_LISTED))
    return _typed(plan, tables) if name == TYPED else _listed(found[name])


def _listed(target: ConfiguredTarget) -> Chosen:
    if target.note:
        st.markdown(small(md(target.note)))
    return Chosen(target.name, target.url, target.model, target.api_key, target.declared, "listed")


def _typed(plan: PlanView, tables: Tables) -> Chosen | None:
    """A server on this machine, and what it cannot tell."""
    left, middle, right = st.columns(3)
    with left:
        url = st.text_input("Address", key="probe-url", placeholder="http://127.0.0.1:8000", max_chars=2000)
    with middle:
        help_text = "As the server names it. Empty: the only one that it serves."
        model = st.text_input(
            "Model name", key="probe-model", placeholder="The only one", max_chars=200, help=help_text
        )
    with right:
        help_text = "Sent to this server and to nobody else; not stored anywhere."
        key = st.text_input("API key", key="probe-api-key", type="password", placeholder="None", help=help_text)
    declared = declared_boxes(plan.declared, tables, f"probe-said-{plan.key}")
    if not url.strip():
        st.markdown(small("Give the address of an OpenAI-compatible server that runs on this machine."))
        return None
    return Chosen(f"the server at {url.strip()[:100]}", url.strip(), model.strip(), key.strip(), declared, "loopback")


def _predicted(chosen: Chosen, task: ProbeTask, tables: Tables) -> Lines:
    requests = Requests(task.input_tokens, task.output_tokens)
    return predicted_lines(chosen.declared, requests, "vllm", "", tables)


def seconds_of(predicted: Lines, task: ProbeTask) -> Callable[[int], float] | None:
    """Predicted seconds of one request at a load; None where nothing is predicted."""
    if not predicted:
        return None
    loads, rates = zip(*predicted["throughput"], strict=True)
    return lambda n: n * task.output_tokens / float(np.interp(n, loads, rates))


def _confirmed(chosen: Chosen, task: ProbeTask, predicted: Lines) -> None:
    """What it takes at most, then the consent to exactly that, then the start."""
    takes = planned(task, seconds_of(predicted, task))
    st.markdown("**What it takes**, warm-up included. It stops before a run that could go beyond your limits.")
    show_figures(figures(takes, task), "probe-takes", in_a_row=5)
    for problem in takes.over_budget:
        st.warning(md(f"It will end early: {problem}."), icon="⚠️")
    digest = hashlib.sha256(f"{task.model_dump_json()}{chosen.url}{chosen.model}".encode()).hexdigest()[:16]
    agreed = st.checkbox(
        f"This load may be put on {md(chosen.name)} now",
        key=f"probe-agree-{digest}",
        help="A probe fills the server up: whoever uses it meanwhile waits, and disturbs the measurement.",
    )
    if st.button("Start the probe", type="primary", key="probe-start", disabled=not agreed):
        _start(chosen, task, predicted)
        st.rerun()


def _start(chosen: Chosen, task: ProbeTask, predicted: Lines) -> None:
    try:
        with st.spinner("Looking up the server\N{HORIZONTAL ELLIPSIS}"):
            job = start(chosen, task, predicted)
    except ProbeError as error:
        desk().wrong("The probe was not started", words_of(error))
        return
    desk().watched.add(job.job_id)


def figures(takes: Planned, task: ProbeTask) -> tuple[Metric, ...]:
    """Loads, requests, tokens, time and dollars: for the loads asked for, and at most."""
    most = takes.most
    loads = ", ".join(map(str, takes.levels))
    more = f", up to {most.levels[-1]} while it still gets faster" if most.levels != takes.levels else ""
    return (
        Metric("Loads", f"{len(takes.levels)}", f"{loads} in flight{more}; {plural(takes.runs, 'run')}"),
        Metric("Requests", short(takes.requests), f"at most {short(most.requests)}"),
        Metric("Tokens", short(takes.tokens), f"at most {short(most.tokens)}"),
        Metric("Time", _time(takes), f"at most {duration(task.budget.seconds)}"),
        Metric("Cost", *_cost(takes, task)),
    )


def _time(takes: Planned) -> str:
    if takes.seconds is None:
        return NONE
    low, high = (duration(seconds) for seconds in takes.seconds)
    return low if low == high else f"{low} to {high}"


def _cost(takes: Planned, task: ProbeTask) -> tuple[str, str]:
    """What it costs as far as that is known, and the most: the server's price over the longest time, or the limit."""
    most = most_usd(takes, task)
    if most is None:
        return NONE, "no price is known, so dollars are not counted"
    value = NONE if takes.usd is None else usd(takes.usd[0])
    return value, f"at most {usd(most)}, rent of the server and tokens alone"


def most_usd(takes: Planned, task: ProbeTask) -> float | None:
    """Dollars at most: by the hour for all of the time allowed, by the token for all that may be used, or the limit."""
    prices = (task.usd_per_hour, task.input_usd_per_mtok, task.output_usd_per_mtok)
    if prices[0] is None and None in prices[1:]:
        return None
    hours = (task.usd_per_hour or 0.0) * task.budget.seconds / SECONDS_PER_HOUR
    a_token = max(task.input_usd_per_mtok or 0.0, task.output_usd_per_mtok or 0.0) / MTOK
    bound = hours + takes.most.tokens * a_token
    return bound if task.budget.usd is None else min(bound, task.budget.usd)
