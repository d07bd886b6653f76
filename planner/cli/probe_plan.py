"""`planner probe plan` and `planner probe apply`: what a probe of a plan's option is worth, and what one changed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from planner.catalog.catalog import installed
from planner.cli.inputs import NO_ANSWER, OK, InputError, add_scenario, day_of, read
from planner.cli.probe_files import load, out_problem, write_whole
from planner.cli.probe_from_plan import option_of
from planner.cli.probe_text import pairs_text
from planner.cli.text import titled, wrapped
from planner.decision import present_probe_effect as told
from planner.decision.present_probe_plan import forecast_rows, headline, plan_rows, sentences
from planner.decision.probe_apply import NotApplied
from planner.decision.probe_effect import ProbeEffect, probe_effect
from planner.decision.probe_plan import ProbePlan, probe_plan
from planner.domain.currency import written_in
from planner.domain.document import dump_json, dump_yaml


def add_probe_plan(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner probe plan`."""
    add_scenario(parser)
    parser.add_argument("--option", metavar="ID", help="which option; needed when several run on GPUs of a fleet")
    parser.add_argument("--json", action="store_true", help="print what would be sent as JSON")
    parser.set_defaults(run=_plan)


def add_probe_apply(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner probe apply`."""
    add_scenario(parser)
    parser.add_argument("measurement", metavar="FILE", help="measurement: its file, or the id of one that is kept here")
    parser.add_argument("--option", metavar="ID", help="which option; needed when several run on GPUs of a fleet")
    parser.add_argument("--out", type=Path, metavar="NEW.yaml", help="file for the plan with the measurement in it")
    parser.add_argument("--force", action="store_true", help="overwrite --out when it is there already")
    parser.add_argument(
        "--accept-cpu", action="store_true", help="take a measurement of a server without a GPU all the same"
    )
    parser.set_defaults(run=_apply)


def _plan(options: argparse.Namespace) -> int:
    scenario = read(options.scenario)
    try:
        plan = probe_plan(scenario, installed(), day_of(options), option_of(scenario, options.option))
    except NotApplied as error:
        raise InputError(str(error)) from error
    if options.json:
        print(json.dumps({"option_id": plan.option_id, "task": plan.task.model_dump(mode="json")}, indent=2))
        return OK
    with written_in(scenario.currency):
        print("\n".join(_plan_lines(plan, options.scenario)))
    return OK


def _plan_lines(plan: ProbePlan, scenario: Path) -> Iterator[str]:
    yield wrapped(headline(plan))
    yield from map(wrapped, sentences(plan))
    yield pairs_text(plan_rows(plan))
    if plan.forecast:
        yield titled(forecast_rows(plan))
    yield ""
    yield "To measure it, next to the server:"
    yield f"  planner probe http://HOST:PORT --scenario {scenario} --option {plan.option_id} --out probe.json"


def _apply(options: argparse.Namespace) -> int:
    if options.out is not None and (wrong := out_problem(options.out, force=options.force)):
        raise InputError(wrong)
    scenario, measurement = read(options.scenario), load(options.measurement)
    try:
        effect = probe_effect(
            scenario,
            installed(),
            day_of(options),
            option_of(scenario, options.option),
            measurement,
            accept_without_gpu=options.accept_cpu,
        )
    except NotApplied as error:
        raise InputError(_reasons(error)) from error
    with written_in(scenario.currency):
        print("\n".join(_effect_lines(effect)))
    if options.out is not None:
        dump = dump_json if options.out.suffix.lower() == ".json" else dump_yaml
        write_whole(options.out, dump(effect.scenario).encode())
        print(f"\nWritten: {options.out}")
    return OK if effect.after.result.verdict.status == "decided" else NO_ANSWER


def _reasons(error: NotApplied) -> str:
    """Every reason with its way out, in the words of this command."""
    lines = [f"{reason.message} {reason.remedy}" for reason in error.reasons]
    return "\n  ".join(line.replace("accept it all the same", "give --accept-cpu") for line in lines)


def _effect_lines(effect: ProbeEffect) -> Iterator[str]:
    yield wrapped(told.effect_sentence(effect))
    yield wrapped(f"Measured: {told.cited(effect)}")
    yield titled(told.effect_rows(effect))
    yield ""
    yield wrapped(told.gained_sentence(effect))
    for name, lines in (("Doubts", told.doubt_sentences(effect)), ("Blocked", told.blocked_sentences(effect))):
        if lines:
            yield f"\n{name}\n{'=' * len(name)}"
            yield from map(wrapped, lines)
