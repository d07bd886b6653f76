"""Telling how far a probe is, twice a second, with an estimate to its end."""

from __future__ import annotations

import time
from collections.abc import Sequence

from planner.domain.probe_task import ProbeTask
from planner.probe.load import Load
from planner.probe.pace import Pace
from planner.probe.plan import Step
from planner.probe.progress import Progress, Said
from planner.probe.record import Record
from planner.probe.spend import Spend

EVERY_S = 0.4
LOOKING = "looking at the server"


class Telling:
    """What is told, from the run under way, those that ended and those to come."""

    def __init__(self, task: ProbeTask, said: Said, spend: Spend, record: Record) -> None:
        self._task, self._said, self._spend, self._record = task, said, spend, record
        self._pace = Pace()
        self._share = 0.0
        self._told_at = 0.0
        self._step: Step | None = None
        self._then: Sequence[Step] = ()
        self.after_this_load = 0
        """Requests of the step under way that come after the load under way: the run after its warm-up wave."""

    def begins(self, step: Step, then: Sequence[Step]) -> None:
        """A step is under way, and these come after it."""
        self._step, self._then = step, then

    def ended(self, step: Step, seconds: float) -> None:
        """The step took so long in all."""
        if step.rate_per_s is None:
            self._pace.ran(step.level, step.requests(self._task), seconds)

    def seconds_known(self, step: Step) -> float:
        """Of a run of the same level that ended, 0 when there is none; of a rate test its length."""
        return (self._pace.known(step.level) or 0.0) if step.rate_per_s is None else self._task.open_seconds

    def _expected_s(self, step: Step) -> float | None:
        if step.rate_per_s is not None:
            return self._task.open_seconds
        return self._pace.expected(step.level, step.requests(self._task))

    def tick(self, load: Load | None = None) -> None:
        """Tell, unless it was told just now."""
        if time.perf_counter() - self._told_at >= EVERY_S:
            self._told_at = time.perf_counter()
            self._said(self._progress(self._step, load))

    def _progress(self, step: Step | None, load: Load | None) -> Progress:
        runs_done = len(self._record.runs)
        planned = runs_done + 1 + len(self._then) if step else _runs(self._task)
        within = load.done / max(load.planned, 1) if load and not self.after_this_load else 0.0
        self._share = max(self._share, min((runs_done + within) / planned, 1.0))
        return Progress(
            step=step.words(self._task) if step else LOOKING,
            runs_done=runs_done,
            runs_planned=planned,
            requests_in_flight=step.level if step and step.rate_per_s is None else load.in_flight if load else 0,
            requests_done=load.done if load else 0,
            requests_planned=load.planned if load else 0,
            output_tokens_per_s=load.rate_pieces_per_s if load else None,
            seconds_spent=self._spend.seconds,
            seconds_left=self._left_s(step, load) if step else None,
            share=self._share,
            requests_spent=self._spend.requests,
            tokens_spent=self._spend.tokens,
            usd_spent=self._spend.usd,
            so_far=self._record.so_far,
        )

    def _left_s(self, step: Step, load: Load | None) -> float | None:
        """Of the run under way and those to come. Requests in flight are taken to be half done."""
        here = self._expected_s(step)
        if step.rate_per_s is None and load is not None and load.done:
            half_done = min(step.level, load.planned - load.done) / 2
            elapsed = time.perf_counter() - load.started_at
            to_come = load.planned - load.done - half_done + self.after_this_load
            here = elapsed * to_come / (load.done + half_done)
        then = [self._expected_s(later) for later in self._then]
        known = [seconds for seconds in then if seconds is not None]
        if here is None or len(known) < len(then):
            return None
        return min(here + sum(known), max(0.0, self._task.budget.seconds - self._spend.seconds))


def _runs(task: ProbeTask) -> int:
    """Runs of a task, as far as it is known before the first."""
    return task.repeats * len(task.levels) + len(task.open_rates_per_s)
