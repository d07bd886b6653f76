"""What a probe was asked to do, whole: target, task and where the result goes; InputError with everything wrong."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import NamedTuple

from planner.capacity.measurement.levels import Planned, planned
from planner.catalog.case_names import Names, names_of
from planner.catalog.catalog import installed
from planner.cli.probe_declared import declared_of, hourly
from planner.cli.probe_files import kept_problem, out_problem
from planner.cli.probe_from_plan import from_plan
from planner.cli.probe_inputs import Problems, key_of, task_fields, task_of
from planner.cli.probe_vllm import Tool, find_tool
from planner.domain.probe_task import ProbeTask
from planner.probe.address import address
from planner.probe.errors import ProbeError
from planner.probe.run import Target

_BARE = re.compile(r"[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?", re.ASCII)
"""An address without its http://."""


class Asked(NamedTuple):
    """One probe, ready to start."""

    target: Target
    task: ProbeTask
    planned: Planned
    out: Path | None
    names: Names
    tool: Tool | None
    """The second tool, when one was asked for."""


def read_asked(options: argparse.Namespace) -> Asked:
    """Everything that was typed, checked before anything is sent."""
    problems, names = Problems(), names_of(installed().tables)
    plan = from_plan(options, problems)
    key = key_of(options, problems)
    check_server(options, problems)
    declared = declared_of(options, names, plan.declared, problems)
    typed, budget = task_fields(options, problems)
    plan = plan.over(typed)
    per_hour = {} if hourly(declared) is None else {"usd_per_hour": hourly(declared)}
    task = task_of(plan.fields | per_hour, plan.budget | budget, problems)
    tool = find_tool(options.vllm_bench, options.tokenizer, problems) if options.with_tool else None
    check_place(options, problems)
    problems.raise_any()
    assert task is not None
    target = Target(options.url.strip(), (options.model or "").strip(), key, declared, "own")
    return Asked(target, task, planned(task, plan.seconds_of), options.out, names, tool)


def check_place(options: argparse.Namespace, problems: Problems) -> None:
    """Whether the result can be written, found out before anything is sent."""
    wrong = kept_problem() if options.out is None else out_problem(options.out, force=options.force)
    if wrong:
        problems.add(wrong)


def check_server(options: argparse.Namespace, problems: Problems) -> None:
    """Whether the address can be one, and its name is known."""
    if _BARE.fullmatch(options.url):
        problems.add(f"{options.url}: an address begins with http:// or https://. Write http://{options.url}.")
        return
    try:
        address(options.url, "own")
    except ProbeError as error:
        problems.add(str(error))
