"""`planner probe URL`: look, say what will be sent at most, ask, measure; nothing that was measured is lost."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

from planner.capacity.measurement.levels import Needed, Planned
from planner.cli.inputs import NO_ANSWER, InputError
from planner.cli.probe_asked import Asked, read_asked
from planner.cli.probe_declared import model_called
from planner.cli.probe_finish import Ended, Place, finish
from planner.cli.probe_gpu import gpu_words
from planner.cli.probe_progress import shown
from planner.cli.probe_stop import STOPPED, Stopped, stoppable
from planner.cli.probe_vllm import MOST_LEVELS, Tool, cross_check
from planner.cli.text import wrapped
from planner.decision.present_probe_plan import duration
from planner.domain.probe_task import ProbeTask
from planner.domain.serving import engine_words
from planner.format import count, plural, short, usd
from planner.probe.address import address
from planner.probe.errors import ProbeError
from planner.probe.run import probe
from planner.probe.target import Looked, look
from planner.probe.turn import turn
from planner.units import SECONDS_PER_HOUR


def run_probe(options: argparse.Namespace) -> int:
    """One probe; the exit code says what it is worth."""
    asked = read_asked(options)
    place = Place(asked.out, asked.names, as_json=options.json)
    try:
        with turn(address(asked.target.url, asked.target.policy)):
            asked, looked = _looked(asked)
            for line in before_lines(asked, looked):
                print(wrapped(line), file=sys.stderr)
            if not (options.yes or _confirmed()):
                print("planner: nothing was measured.", file=sys.stderr)
                return STOPPED
            ended = _measured(asked, looked, place)
            code = finish(ended, place)
            return code if asked.tool is None or ended.stopped else _checked(asked, asked.tool, ended, place, code)
    except ProbeError as error:
        raise InputError(str(error)) from error
    except Stopped:
        print("planner: stopped by hand; nothing was measured.", file=sys.stderr)
        return STOPPED
    except KeyboardInterrupt:
        return place.ended_at_once()


def _looked(asked: Asked) -> tuple[Asked, Looked]:
    """What is there; the model that it serves may be one that the catalog knows by that name."""
    with stoppable() as cancelled:
        looked = look(asked.target, asked.task, cancelled)
    declared = asked.target.declared
    if not declared.model_id:
        declared = declared.model_copy(update={"model_id": model_called(looked.model, asked.names)})
    return asked._replace(target=asked.target._replace(model=looked.model, declared=declared)), looked


def _measured(asked: Asked, looked: Looked, place: Place) -> Ended:
    with stoppable() as cancelled, shown(asked.task.budget, cancelled) as display:
        keep = place.keeping(display)
        found = probe(asked.target, asked.task, display.said, cancelled, keep=keep, looked=looked)
        return Ended(found, cancelled())


def _checked(asked: Asked, tool: Tool, ended: Ended, place: Place, code: int) -> int:
    """The other tool's word, after ours is printed and kept; a failure of it costs nothing but the exit code."""
    try:
        with stoppable() as cancelled:
            print(
                cross_check(tool, asked.target, ended.measurement, asked.task, cancelled),
                file=sys.stderr if place.as_json else sys.stdout,
            )
            return STOPPED if cancelled() else code
    except (ProbeError, KeyboardInterrupt) as error:
        print(f"planner: no cross-check: {str(error) or 'stopped.'}", file=sys.stderr)
        return NO_ANSWER if isinstance(error, ProbeError) else STOPPED


def before_lines(asked: Asked, looked: Looked) -> Iterator[str]:
    """What is there, and what will be sent to it at most."""
    server, task = looked.server, asked.task
    engine = engine_words(server.engine, server.engine_version) or "an engine that does not say its name"
    longest = f", longest request {plural(server.max_model_len, 'token')}" if server.max_model_len else ""
    yield f"Server: {server.served_model} on {engine}{longest}; its counters: {server.metrics}"
    yield f"Declared: {declared_words(asked)}"
    yield from (f"Note: {note}" for note in looked.notes)
    yield _levels(asked)
    yield f"These take {_needed(asked.planned)}"
    if asked.planned.most.levels != asked.planned.levels:
        yield f"At most, with levels that are added: {_needed(asked.planned.most)}"
    yield f"Limits: {_limits(task)}"
    yield from (f"Note: {over}: it will stop early" for over in asked.planned.over_budget)
    if asked.tool:
        top = asked.planned.most.levels[-1]
        again = MOST_LEVELS * (task.requests_of(top) + top)
        yield f"Then vllm bench serve repeats {MOST_LEVELS} of the levels: {plural(again, 'request')} more at most"


def _levels(asked: Asked) -> str:
    task, planned = asked.task, asked.planned
    added = [level for level in planned.most.levels if level not in planned.levels]
    rising = f", then {_listed(added)} while throughput still rises" if added else ""
    shape = f"{count(task.input_tokens)} tokens in and {count(task.output_tokens)} out"
    rates = ", ".join(f"{rate:g}" for rate in task.open_rates_per_s)
    then = f"; then {rates} requests/s for {duration(task.open_seconds)} each" if rates else ""
    return f"Levels: {_listed(planned.levels)} in flight{rising}, {plural(task.repeats, 'run')} each, {shape}{then}"


def _listed(levels: Sequence[int]) -> str:
    return ", ".join(map(str, levels))


def _needed(needed: Planned | Needed) -> str:
    """Runs, requests and tokens; time and dollars where they can be told."""
    parts = [plural(needed.runs, "run"), plural(needed.requests, "request"), f"{short(needed.tokens)} tokens"]
    if needed.seconds is not None:
        parts.append(_span(needed.seconds, duration))
    if needed.usd is not None:
        parts.append(_span(needed.usd, usd))
    return ", ".join(parts)


def _span(value: float | tuple[float, float], words: Callable[[float], str]) -> str:
    """One figure, or the range of two that are not written the same."""
    both = [words(one) for one in value] if isinstance(value, tuple) else [words(value)]
    return " to ".join(dict.fromkeys(both))


def _limits(task: ProbeTask) -> str:
    """The budget; without a limit in dollars, what the server costs for all of its time."""
    budget = task.budget
    dollars = f", {usd(budget.usd)}" if budget.usd is not None else _rent(task)
    return (
        f"{plural(budget.requests, 'request')}, {short(budget.tokens)} tokens, {duration(budget.seconds)}{dollars}; "
        "it stops before a run that could go beyond"
    )


def _rent(task: ProbeTask) -> str:
    if task.usd_per_hour is None:
        return ""
    return f" (GPUs at {usd(task.usd_per_hour * task.budget.seconds / SECONDS_PER_HOUR)})"


def declared_words(asked: Asked) -> str:
    """What the owner says of the server; what was not said is named."""
    said = asked.target.declared
    parts = [
        gpu_words(said.gpu_id, said.gpus, asked.names) or "GPU not said (--gpu)",
        said.model_id or "catalog model not said (--catalog-model)",
        said.format_id or "format not said (--format)",
    ]
    if said.usd_per_gpu_hour is not None:
        parts.append(f"{usd(said.usd_per_gpu_hour)} a GPU-hour")
    return ", ".join(parts)


def _confirmed() -> bool:
    """A person at the terminal says yes; a script was told by its arguments and limits."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    print("Start? [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return False
