"""PRB-6: a server under its own traffic, watched by its `/metrics` alone. Nothing is sent but plain GETs.

What was read is kept on cancel and when the server dies; a reading that is missing is passed over.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from planner import __version__
from planner.capacity.measurement.live import LEAST_COMPLETED, Watched, watched
from planner.capacity.measurement.stretch import Scrape
from planner.capacity.measurement.summary import finished
from planner.domain.measurement import Declared, Measurement, ProbedServer, ProbedShape, ProbingClient
from planner.probe.address import Address, address, session
from planner.probe.asking import Asking, stopped
from planner.probe.engine import engine_facts
from planner.probe.errors import ProbeError
from planner.probe.failure import plain
from planner.probe.metrics import cache_facts, engine_of, how_full
from planner.probe.progress import Cancelled, Progress, Said
from planner.probe.scrape import models_in, of_model, scrape_of
from planner.probe.target import HASH_DIGITS, Target

LEAST_EVERY_S, MOST_SECONDS = 0.05, 7 * 86_400.0
TICK_S = 0.1
READ_S = 5.0
GIVE_UP_READINGS = 10
"""Readings missing in a row after which the server is taken to be gone."""
MOST_RUNS = 500
"""Runs are made long enough to be no more than about so many."""
MOST_LOOKS = 100
"""So often a long watch works out what it has so far."""

Keep = Callable[[Measurement], None]


class _Known(NamedTuple):
    server: ProbedServer
    model: str
    declared: Declared


def watch(
    target: Target,
    seconds: float,
    every_s: float,
    said: Said = lambda progress: None,
    cancelled: Cancelled = lambda: False,
    keep: Keep = lambda measurement: None,
) -> Measurement:
    """Read `/metrics` for so long, so often, and make a measurement of the traffic that there was.

    Raises ProbeError: wrong address, certificate or key, no counters, several models and none named, no traffic.
    """
    _check(seconds, every_s)
    where = address(target.url, target.policy)
    with session(where, target.api_key) as asked:
        asking = Asking(asked, where)
        watching = _Watching(_known(asking, where, target), where, seconds, said, keep)
        why = watching.read(asking, every_s, cancelled)
    return watching.result(why)


def _check(seconds: float, every_s: float) -> None:
    if not LEAST_EVERY_S <= every_s <= seconds <= MOST_SECONDS:
        raise ProbeError(
            f"A watch of {seconds:g} s with a reading every {every_s:g} s cannot be made.",
            f"Watch for up to {MOST_SECONDS / 86_400:g} days, with a reading every 10 s or so, and at least two.",
        )


def _known(asking: Asking, where: Address, target: Target) -> _Known:
    """What the server is, from its own pages."""
    text = asking.text("/metrics", needed=True) or ""
    listed = (asking.json("/v1/models") or {}).get("data")
    entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
    model = _model(target.model, models_in(text), [str(e.get("id")) for e in entries])
    entry = next((e for e in entries if e.get("id") == model), entries[0] if len(entries) == 1 else {})
    facts = engine_facts(asking, entry, engine_of(text))
    first = scrape_of(text, model, 0.0)
    if first.counters.generation_tokens is None and "output" not in first.histograms:
        raise stopped(
            "not_found",
            f"{where.origin}/metrics counts no generated tokens",
            "Watch a vLLM server, or SGLang started with --enable-metrics; others can be probed.",
        )
    cache = cache_facts(of_model(text, model))
    server = ProbedServer(
        address_hash=hashlib.sha256(where.origin.encode()).hexdigest()[:HASH_DIGITS],
        engine=facts.engine,
        engine_version=plain(facts.version),
        served_model=plain(model),
        max_model_len=facts.max_model_len,
        kv_cache_tokens=cache.kv_cache_tokens,
        prefix_caching=cache.prefix_caching,
        metrics=how_full(first.counters),
    )
    return _Known(server, model, target.declared)


def _model(wanted: str, counted: tuple[str, ...], served: list[str]) -> str:
    """The model whose counters are read. Raises ProbeError where it cannot be told."""
    names = counted or tuple(served)
    if wanted in names or (wanted and len(names) <= 1):
        return wanted
    if not wanted and len(names) <= 1:
        return names[0] if names else ""
    said = f"counts no model {plain(wanted)!r}" if wanted else "counts more than one model"
    raise ProbeError(f"The server {said}.", f"Name one of them: {', '.join(map(plain, names[:10]))}.", "not_found")


class _Watching:
    """The readings so far, and what follows from them."""

    def __init__(self, known: _Known, where: Address, seconds: float, said: Said, keep: Keep) -> None:
        self._known, self._where, self._seconds, self._said, self._keep = known, where, seconds, said, keep
        self._scrapes: list[Scrape] = []
        self._began, self._started_at = time.perf_counter(), dt.datetime.now(dt.UTC)
        self._id = secrets.token_hex(8)
        self._so_far: Measurement | None = None
        self._missed = 0

    def read(self, asking: Asking, every_s: float, cancelled: Cancelled) -> str:
        """Readings until the time is over; why it ended early, else empty."""
        due = self._began
        while True:
            self._once(asking, every_s)
            if self._missed >= GIVE_UP_READINGS:
                return f"the server no longer answered at /metrics after {self._spent():,.0f} s"
            due = max(due + every_s, time.perf_counter())
            if due > self._began + self._seconds + every_s / 2:
                return ""
            while time.perf_counter() < due:
                if cancelled():
                    self._once(asking, every_s)
                    return f"it was stopped after {self._spent():,.0f} s"
                time.sleep(min(TICK_S, max(due - time.perf_counter(), 0.0)))

    def _spent(self) -> float:
        return time.perf_counter() - self._began

    def _once(self, asking: Asking, every_s: float) -> None:
        asked_at = time.perf_counter()
        text = asking.text("/metrics", most_s=max(min(every_s, READ_S), 1.0))
        at_s = (asked_at + time.perf_counter()) / 2 - self._began
        if text is None:
            self._missed += 1
        else:
            self._missed = 0
            self._scrapes.append(scrape_of(text, self._known.model, at_s))
            if len(self._scrapes) < MOST_LOOKS or len(self._scrapes) % (len(self._scrapes) // MOST_LOOKS) == 0:
                self._look()
        self._said(self._progress())

    def _look(self) -> None:
        found = self._found()
        if found.runs:
            self._so_far = self._measurement(found, "")
            self._keep(self._so_far)

    def _found(self) -> Watched:
        return watched(self._scrapes, self._started_at, self._seconds / MOST_RUNS)

    def result(self, why: str) -> Measurement:
        """The measurement of all readings. Raises ProbeError where too few requests ended."""
        found = self._found()
        if not found.runs:
            read = f"{len(self._scrapes):,} readings in {self._spent():,.0f} s"
            more = " ".join((f"{why[:1].upper()}{why[1:]}." if why else "", *(flag.message for flag in found.flags)))
            raise ProbeError(
                f"Nothing was measured: too few requests ended ({read}). {more}".strip(),
                f"Watch while there is traffic: {LEAST_COMPLETED} answers at about one load are the least.",
            )
        measurement = self._measurement(found, why)
        self._keep(measurement)
        return measurement

    def _measurement(self, found: Watched, why: str) -> Measurement:
        return finished(
            Measurement(
                measurement_id=self._id,
                origin="watch",
                program_version=__version__,
                started_at=self._started_at,
                finished_at=max(dt.datetime.now(dt.UTC), self._started_at),
                server=self._known.server,
                declared=self._known.declared,
                shape=ProbedShape(prompt_kind="live", endpoint="/metrics"),
                client=ProbingClient(program=f"planner {__version__}"),
                runs=found.runs,
                stopped=why,
                flags=found.flags,
            )
        )

    def _progress(self) -> Progress:
        spent, last = self._spent(), self._scrapes[-1].counters if self._scrapes else None
        runs = self._so_far.runs if self._so_far else ()
        step = f"{len(self._scrapes):,} readings" + (f", {self._missed} missing in a row" if self._missed else "")
        return Progress(
            step=step,
            runs_done=len(runs),
            runs_planned=len(runs),
            requests_in_flight=((last.running or 0.0) + (last.waiting or 0.0)) if last else 0.0,
            requests_done=sum(run.completed for run in runs),
            requests_planned=0,
            output_tokens_per_s=runs[-1].output_tokens_per_s if runs else None,
            seconds_spent=spent,
            seconds_left=max(self._seconds - spent, 0.0),
            share=min(spent / self._seconds, 1.0),
            requests_spent=0,
            tokens_spent=0,
            usd_spent=None,
            so_far=self._so_far,
        )
