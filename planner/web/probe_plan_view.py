"""What a probe of one option would send, whether it is worth its cost, and the command to run beside the GPU."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from planner.decision.present_currency import currency_sentence
from planner.decision.present_probe_plan import forecast_rows, headline, plan_rows, sentences
from planner.decision.probe_plan import ProbePlan, probe_plan
from planner.domain.currency import written_in
from planner.domain.measurement import Declared
from planner.domain.options import SelfHosted
from planner.domain.probe_task import ProbeTask
from planner.domain.scenario import Scenario
from planner.web.answer import show_table
from planner.web.probe_command import ADDRESS, NAME, command
from planner.web.state import catalog, draft, today
from planner.web.text import md, small
from planner.workload.demand import class_arrays, mean_shape


class PlanView(NamedTuple):
    """What the ways to measure begin with."""

    plan: ProbePlan | None
    """None: the scenario has no option on GPUs of its own."""
    task: ProbeTask
    declared: Declared
    key: str
    """New when the boxes have to begin afresh: another scenario or option."""


def plan_for(scenario: Scenario, option: SelfHosted | None) -> PlanView:
    """The plan of an option; without one, loads at the workload's mean request."""
    key = f"{draft().document}-{draft().epoch}-{option.option_id if option else 'none'}"
    if option is None:
        prompt, output = mean_shape(class_arrays(scenario.workload))
        task = ProbeTask(
            input_tokens=max(round(prompt), 1),
            output_tokens=max(round(output), 1),
            ttft_p95_ms=scenario.latency.ttft_slo_ms,
            tpot_p95_ms=scenario.latency.tpot_slo_ms,
        )
        return PlanView(None, task, Declared(), key)
    found = planned_for(scenario, today(), catalog().version, option.option_id)
    price = found.cost.usd_per_gpu_hour if found.cost else None
    return PlanView(found, found.task, found.declared.model_copy(update={"usd_per_gpu_hour": price}), key)


def _text(value: Scenario) -> str:
    return value.model_dump_json()


_BY_TEXT: dict[str | type[Any], Callable[[Any], Any]] = {Scenario: _text}


@st.cache_resource(
    show_spinner="Working out what a probe is worth\N{HORIZONTAL ELLIPSIS}", max_entries=16, hash_funcs=_BY_TEXT
)
def planned_for(scenario: Scenario, on: dt.date, version: str, option_id: str) -> ProbePlan:
    """Once for the same scenario, day and catalog (`version` tells catalogs apart)."""
    return probe_plan(scenario, catalog(), on, option_id)


def worth_panel(view: PlanView) -> None:
    """Whether measuring is worth it, before anything is measured."""
    scenario = draft().scenario
    if view.plan is None:
        st.info(
            f"{md(scenario.name)} has no option on GPUs of its own, so there is nothing yet that a measurement could "
            "go into. You can measure all the same.",
            icon="ℹ️",
        )
        return
    with written_in(scenario.currency):
        with st.container(border=True, key="probe-worth"):
            st.markdown(f"**{md(headline(view.plan))}**")
            st.markdown("\n".join(f"- {md(sentence)}" for sentence in sentences(view.plan)))
        with st.expander("What it sends, takes and costs, and what is expected"):
            if told := currency_sentence(scenario.currency, today()):
                st.markdown(small(md(told)))
            show_table(plan_rows(view.plan))
            if view.plan.forecast:
                show_table(forecast_rows(view.plan))


def command_panel(view: PlanView) -> None:
    """The command line, to copy."""
    st.markdown(
        "**Run this on a machine beside the server**, in its data centre or on the same host: a way through a network "
        "would be measured too. It shows what it will send and use up, asks, and writes one file, which the next tab "
        "takes."
    )
    st.code(command(view.task, view.declared, catalog().tables), language=None, wrap_lines=True)
    st.markdown(
        small(
            f"Put the server's address in place of {md(ADDRESS)}, the name under which it serves the model in place of "
            f"{NAME}, and a key, if it wants one, into an environment variable that `--api-key-env` names. "
            "`planner probe plan SCENARIO` prints the levels of a saved scenario."
        )
    )
