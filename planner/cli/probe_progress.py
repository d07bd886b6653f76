"""A probe while it runs, on standard error: one live line for a person at a terminal, plain lines for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Display

from planner.decision.present_probe_plan import duration
from planner.domain.measured_run import Run
from planner.domain.measurement import Measurement
from planner.domain.probe_task import Budget
from planner.format import count, plural, short, usd
from planner.probe.progress import Cancelled, Progress

HEARTBEAT_S = 30.0
"""A log gets a line at least this often, so that a long run is seen to live."""
STOPPING = "stopping: requests in flight are dropped, what was measured is kept"


class Shown(Protocol):
    """What shows a measurement while it is made."""

    def said(self, progress: Progress) -> None:
        """How far it is."""

    def kept(self, m: Measurement) -> None:
        """What there is after a run."""


@contextmanager
def shown(budget: Budget | None, cancelled: Cancelled) -> Iterator[Shown]:
    """The live line at a terminal, lines elsewhere; ends the live line whatever happens."""
    if not sys.stderr.isatty():
        yield _Lines(budget, time.monotonic, lambda text: print(text, file=sys.stderr, flush=True))
        return
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=20), TaskProgressColumn())
    told = TextColumn("{task.fields[told]}", markup=False)
    with Display(*columns, told, console=console, transient=True, redirect_stdout=False) as display:
        yield _Live(display, budget, cancelled)


class _Live:
    """One line that moves, and a line above it for every run that ended."""

    def __init__(self, display: Display, budget: Budget | None, cancelled: Cancelled) -> None:
        self.display, self.budget, self.cancelled = display, budget, cancelled
        self.task = display.add_task("starting", total=1.0, told="")
        self.runs = 0

    def said(self, progress: Progress) -> None:
        step = STOPPING if self.cancelled() else progress.step
        self.display.update(self.task, completed=progress.share, description=step, told=_told(progress, self.budget))

    def kept(self, m: Measurement) -> None:
        for run in m.runs[self.runs :]:
            self.display.console.print(f"run {run.order}: {run_words(run)}", soft_wrap=True)
        self.runs = len(m.runs)


class _Lines:
    """A line for every run that ended, and one now and then in between."""

    def __init__(self, budget: Budget | None, clock: Callable[[], float], write: Callable[[str], None]) -> None:
        self.budget, self.clock, self.write = budget, clock, write
        self.runs = 0
        self.last_s = clock()

    def said(self, progress: Progress) -> None:
        if self.clock() - self.last_s >= HEARTBEAT_S:
            self._line(f"{progress.share:.0%} {progress.step}; {_told(progress, self.budget)}")

    def kept(self, m: Measurement) -> None:
        for run in m.runs[self.runs :]:
            self._line(f"run {run.order}: {run_words(run)}")
        self.runs = len(m.runs)

    def _line(self, text: str) -> None:
        self.write(text)
        self.last_s = self.clock()


def run_words(run: Run) -> str:
    """One run in a line: its load, its rate and latencies, and what its guards said."""
    parts = [f"{load_words(run)}, repeat {run.repeat}", f"{short(run.rate_output_tokens_per_s)} output tokens/s"]
    burst = any(flag.code == "BURST_DELIVERY" for flag in run.flags)
    for name, latency in () if burst else (("TTFT", run.ttft_ms), ("TPOT", run.tpot_ms)):
        if latency and latency.mean is not None:
            parts.append(f"{name} {milliseconds(latency.mean)} ms")
    parts.append(f"{count(run.completed)} of {count(run.sent)} answered")
    codes = [flag.code for flag in run.flags if flag.severity != "note"]
    return ", ".join(parts) + (f" [{' '.join(codes)}]" if codes else "")


def load_words(run: Run) -> str:
    """`16 in flight`, or `4 requests/s`."""
    if run.request_rate_per_s is not None:
        return f"{run.request_rate_per_s:g} requests/s"
    return f"{run.requests_in_flight:.4g} in flight"


def milliseconds(value: float | None) -> str:
    """Three digits are what a latency is worth; empty when unknown."""
    return "" if value is None else count(value) if value >= 100 else f"{value:.3g}"


def _told(progress: Progress, budget: Budget | None) -> str:
    """Speed, time to the end, and what was used up of what may be."""
    parts = []
    if progress.output_tokens_per_s is not None:
        parts.append(f"{short(progress.output_tokens_per_s)} tokens/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    return ", ".join([*parts, *_spent(progress, budget)])


def _spent(progress: Progress, budget: Budget | None) -> Iterator[str]:
    if budget is None:
        return
    yield f"{short(progress.requests_spent)} of {plural(budget.requests, 'request')}"
    yield f"{short(progress.tokens_spent)} of {short(budget.tokens)} tokens"
    if progress.usd_spent is not None:
        most = f" of {usd(budget.usd)}" if budget.usd is not None else ""
        yield f"{usd(progress.usd_spent)}{most}"
