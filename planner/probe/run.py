"""A probe from its first look to the finished measurement. Whatever happens, what was measured is handed back."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Sequence

from planner.capacity.measurement.levels import next_level
from planner.capacity.measurement.outcome import Counters, Outcome
from planner.domain.measurement import Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.address import session
from planner.probe.asking import stopped
from planner.probe.client import Request
from planner.probe.crew import Crew
from planner.probe.errors import ProbeError
from planner.probe.gauge import Gauge
from planner.probe.load import CANCELLED, FULL, Held, Limits, Load
from planner.probe.plan import OPEN_LINES, Step, arrivals_s, first_round, later_rounds, open_rounds
from planner.probe.progress import Cancelled, Said
from planner.probe.record import Record
from planner.probe.spend import BUDGET, Spend
from planner.probe.target import Looked, Target, look
from planner.probe.telling import Telling

QUEUED_TIMES = 8
"""First piece: a level of four times the load of the last one waits four times as long at a full server; twice that."""
__all__ = ["CANCELLED", "Looked", "Target", "look", "probe"]


def probe(
    target: Target,
    task: ProbeTask,
    said: Said = lambda progress: None,
    cancelled: Cancelled = lambda: False,
    *,
    keep: Callable[[Measurement], None] = lambda measurement: None,
    seed: int | None = None,
    looked: Looked | None = None,
) -> Measurement:
    """Measure a server: every level with its repeats, then the open-loop rates.

    Ends early, with `stopped` set, when cancelled (Ctrl-C as well), at the end of the budget, or when the server no
    longer answers. `keep` is called after every run with what there is so far. `seed` fixes the order, not the prompts.
    `looked` is what a look with this task has found already; its requests count.

    Raises ProbeError when nothing could be measured. No thread is left running.
    """
    return _Probe(target, task, said, cancelled, keep, seed).measured(looked)


class _Ends(Exception):
    """The probe is over before its last step."""


class _Probe:
    def __init__(
        self,
        target: Target,
        task: ProbeTask,
        said: Said,
        cancelled: Cancelled,
        keep: Callable[[Measurement], None],
        seed: int | None,
    ) -> None:
        self._target, self._task, self._cancelled, self._keep = target, task, cancelled, keep
        self._chance = random.Random(os.urandom(8) if seed is None else seed)
        declared = target.declared
        per_hour = None if declared.usd_per_gpu_hour is None else declared.usd_per_gpu_hour * declared.gpus
        self._spend = Spend(task, per_hour)
        self._record = Record(task, declared)
        self._telling = Telling(task, said, self._spend, self._record)
        self._slowest_s = 0.0
        self._interrupted = False

    def measured(self, looked: Looked | None = None) -> Measurement:
        if self._task.budget.usd is not None and not self._spend.priced:
            raise stopped(
                "other",
                "A limit in dollars was given and no price",
                "Give the price of the server an hour, or the prices of prompt and answer tokens.",
            )
        self._spend.start()
        self._looked = looked or look(self._target, self._task, self._looking)
        for outcome in self._looked.outcomes:
            self._spend.begin()
            self._spend.end(outcome)
        ending = self._through()
        if not any(run.completed for run in self._record.runs):
            raise self._nothing(ending)
        return self._record.measurement(self._looked, ending)

    def _looking(self) -> bool:
        self._telling.tick()
        return self._cancelled()

    def _nothing(self, ending: str) -> ProbeError:
        """Why there is no measurement."""
        errors = [error for run in self._record.runs for error in run.errors]
        if errors:
            kind, words = errors[0].kind, f" ({errors[0].kind}: {errors[0].example})"
            return stopped(kind, f"Nothing was measured: no request of a run was answered{words}")
        return stopped("other", f"Nothing was measured: {ending}", "Allow more, or start again when you want to.")

    def _through(self) -> str:
        """Make all runs; why it ended early, or empty."""
        with contextlib.ExitStack() as closing:
            self._crew = Crew(self._looked.address, self._target.api_key, self._task.request_s)
            closing.callback(self._crew.close)
            self._gauge: Gauge | None = None
            if self._looked.server.metrics != "none":
                self._gauge = Gauge(session(self._looked.address, self._target.api_key), self._looked.address)
                closing.callback(self._gauge.close)
            try:
                self._all_steps()
            except _Ends as ending:
                return str(ending)
            except KeyboardInterrupt:
                return CANCELLED
        return ""

    def _all_steps(self) -> None:
        """The first round, ascending and on while throughput rises; the repeats, which may show that it still does; and
        the open-loop rates."""
        levels: list[int] = []
        rising: list[Step] = first_round(self._task)
        answered = True
        while rising and answered:
            step = rising.pop(0)
            known = [*levels, step.level, *(later.level for later in rising)]
            self._make(step, [*rising, *later_rounds(self._task, known, random.Random(0)), *open_rounds(self._task)])
            answered = self._record.runs[-1].completed > 0  # else nothing is at a higher load either
            levels += [step.level] if answered else []
            if answered and not rising and self._still_rising() and (more := next_level(self._task, step.level)):
                rising = [Step(more)]
        self._in_turn(later_rounds(self._task, levels, self._chance))
        while answered and levels and self._still_rising() and (more := next_level(self._task, levels[-1])):
            levels.append(more)
            self._in_turn([Step(more), *later_rounds(self._task, [more], self._chance)])
        self._in_turn(open_rounds(self._task), last=True)

    def _in_turn(self, steps: Sequence[Step], *, last: bool = False) -> None:
        then = [] if last else open_rounds(self._task)
        for done, step in enumerate(steps, 1):
            self._make(step, [*steps[done:], *then])

    def _still_rising(self) -> bool:
        so_far = self._record.so_far
        return so_far is not None and so_far.summary.knee is None

    # one run

    def _make(self, step: Step, then: Sequence[Step]) -> None:
        self._telling.begins(step, then)
        self._refuse_beyond_budget(step)
        began = time.perf_counter()
        held, before = self._closed(step) if step.rate_per_s is None else self._open(step, step.rate_per_s)
        if not held.outcomes:
            raise _Ends(self._words(held.stopped, step))
        after = self._settled(_expected(held, before)) if not held.stopped or held.stopped.startswith(BUDGET) else None
        peaks = self._gauge.peaks() if self._gauge else None
        self._keep(self._record.add(self._looked, step, held, before, after, peaks))
        self._telling.ended(step, time.perf_counter() - began)
        self._end_if_dead(held, step)

    def _end_if_dead(self, held: Held, step: Step) -> None:
        """A run without a single answer is the last one, unless the server only had too much to do."""
        if held.stopped:
            raise _Ends(self._words(held.stopped, step))
        failed = [outcome for outcome in held.outcomes if outcome.error not in FULL]
        if failed and not self._record.runs[-1].completed:
            raise _Ends(self._words(f"{failed[0].error}: {failed[0].detail}", step))

    def _closed(self, step: Step) -> tuple[Held, Counters | None]:
        """A warm-up wave that nobody counts, then the run. A wave that shows a dead server is the run."""
        lines = self._crew.lines(step.level)
        self._telling.after_this_load = self._task.requests_of(step.level)
        warm = self._load()
        held = warm.hold(lines, step.level, lambda: self._tick(warm))
        if held.stopped:
            if any(outcome.completed for outcome in held.outcomes) or all(o.cut_off for o in held.outcomes):
                raise _Ends(self._words(held.stopped, step))
            return held, None
        self._telling.after_this_load = 0
        before = self._settled()
        self._reset_peaks()
        load = self._load()
        return load.hold(lines, self._task.requests_of(step.level), lambda: self._tick(load)), before

    def _open(self, step: Step, rate_per_s: float) -> tuple[Held, Counters | None]:
        """Poisson arrivals; latencies count from when a request was due."""
        due_s = arrivals_s(rate_per_s, self._task.open_seconds, self._chance)
        lines = self._crew.lines(min(OPEN_LINES, len(due_s)))
        before = self._settled()
        self._reset_peaks()
        load = self._load()
        return load.hold_rate(lines, due_s, lambda: self._tick(load)), before

    def _load(self) -> Load:
        first_s = max(self._task.stall_s, QUEUED_TIMES * self._slowest_s)
        limits = Limits(self._task.stall_s, min(first_s, self._task.request_s), self._task.request_s)
        return Load(self._request, limits, may=self._spend.refused, begun=self._spend.begin, ended=self._ended)

    def _request(self) -> Request:
        looked = self._looked
        body = looked.manner.body(looked.model, looked.prompts.fresh(), self._task.output_tokens)
        counted = None if looked.usage_in_stream else looked.input_tokens
        return Request(looked.address.base_url + looked.manner.path, body, self._task.output_tokens, counted)

    def _ended(self, outcome: Outcome) -> None:
        self._spend.end(outcome)
        if outcome.completed and outcome.last_s is not None:
            self._slowest_s = max(self._slowest_s, outcome.last_s - outcome.sent_s)

    def _settled(self, least_tokens: float = 0.0) -> Counters | None:
        """The counters at rest. Waited for beyond the budget, for 3 s at most; Ctrl-C ends the probe after the run."""
        try:
            if self._gauge is None:
                return None
            return self._gauge.settled(lambda: CANCELLED if self._tick() == CANCELLED else "", least_tokens)
        except KeyboardInterrupt:
            self._interrupted = True
            return None

    def _reset_peaks(self) -> None:
        if self._gauge:
            self._gauge.peaks()

    # limits

    def _refuse_beyond_budget(self, step: Step) -> None:
        if self._interrupted or self._cancelled():
            raise _Ends(CANCELLED)
        if refused := self._spend.refused(step.requests(self._task), self._telling.seconds_known(step)):
            raise _Ends(f"{refused} does not allow {step.words(self._task)}")

    def _why_stop(self) -> str:
        return CANCELLED if self._interrupted or self._cancelled() else self._spend.over()

    def _tick(self, load: Load | None = None) -> str:
        self._telling.tick(load)
        return self._why_stop()

    def _words(self, reason: str, step: Step) -> str:
        if reason == CANCELLED:
            return reason
        if reason.startswith(BUDGET):
            return f"{reason} was used up"
        return f"the server did not answer any more at {step.words(self._task)} ({reason})"[:200]


def _expected(held: Held, before: Counters | None) -> float:
    """Tokens that the server's counter shows at least, once it has caught up."""
    counted = sum(outcome.output_tokens or 0 for outcome in held.outcomes)
    return counted + (before.generation_tokens or 0.0) if before else 0.0
