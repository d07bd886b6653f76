"""The first requests: does the server answer, how does it want to be asked, and how long do prompts come out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import NamedTuple

import requests
import urllib3

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import Flag, FlagCode
from planner.domain.probe_task import ProbeTask
from planner.probe.address import Address, session
from planner.probe.asking import body_of, stopped
from planner.probe.client import Line, Request
from planner.probe.failure import CONNECT_S
from planner.probe.load import Limits, Load
from planner.probe.manner import Manner, first_manner, milder, too_long
from planner.probe.prompts import Prompts, first_guess, fitted
from planner.probe.sse import usage_of
from planner.probe.wires import Wires, cut_after, tracked

MOST_STEPS = 14
CHECK_OUTPUT_TOKENS = 16
NEAR_FRACTION = 0.02
"""A prompt this near to the length that was asked is near enough; text is not fitted nearer."""
MOST_FITS = 3
MOST_RETRY_AFTER_S = 30.0
STALL_S, REQUEST_S = 30.0, 600.0


class Checked(NamedTuple):
    """How the server is asked from here on."""

    manner: Manner
    prompts: Prompts
    usage_in_stream: bool
    tokens_per_piece: float | None
    input_tokens: int | None
    flags: tuple[Flag, ...]
    outcomes: tuple[Outcome, ...]


class Check:
    """Sends one request at a time."""

    def __init__(
        self,
        where: Address,
        api_key: str,
        model: str,
        task: ProbeTask | None,
        engine: str,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._where, self._key, self._model, self.task, self.engine = where, api_key, model, task, engine
        self._cancelled = cancelled
        self.outcomes: list[Outcome] = []

    def stream(self, manner: Manner, prompts: Prompts, output_tokens: int) -> Outcome:
        """One streamed answer. After a rate limit it is asked once more, when the server said to."""
        outcome = self._once(manner, prompts, output_tokens)
        if outcome.error == "rate_limited" and (wait_s := self._retry_after_s) is not None:
            until = time.perf_counter() + min(wait_s, MOST_RETRY_AFTER_S)
            while time.perf_counter() < until and not self._cancelled():
                time.sleep(0.05)
            outcome = self._once(manner, prompts, output_tokens)
        return outcome

    def _once(self, manner: Manner, prompts: Prompts, output_tokens: int) -> Outcome:
        body = manner.body(self._model, prompts.highest(), output_tokens)
        request = Request(self._where.base_url + manner.path, body, output_tokens)
        stall_s = self.task.stall_s if self.task else STALL_S
        request_s = self.task.request_s if self.task else REQUEST_S
        with session(self._where, self._key) as opened:
            line = Line(opened, request_s)
            held = Load(lambda: request, Limits(stall_s, stall_s, request_s)).hold([line], 1, self._tick)
        if not held.outcomes or held.outcomes[0].cut_off:
            raise stopped("other", "The check request was cancelled", "Start again when you want to.")
        self._retry_after_s = line.retry_after_s
        self.outcomes.append(held.outcomes[0])
        return held.outcomes[0]

    def _tick(self) -> str:
        return "cancelled" if self._cancelled() else ""

    def whole(self, manner: Manner, prompts: Prompts, output_tokens: int) -> tuple[int | None, int | None]:
        """Prompt and answer tokens of an answer that is not streamed; None where it does not say."""
        body = manner.body(self._model, prompts.fresh(), output_tokens, stream=False)
        wires = Wires()
        stall_s = self.task.stall_s if self.task else STALL_S
        with session(self._where, self._key) as opened, cut_after(wires, 2 * stall_s):
            try:
                answer = tracked(opened, wires).post(
                    self._where.base_url + manner.path,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    stream=True,
                    allow_redirects=False,
                    timeout=(CONNECT_S, stall_s),
                )
                with answer:
                    said = json.loads(body_of(answer)) if answer.status_code == 200 else {}
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError):
                said = {}
        usage = said.get("usage") if isinstance(said, dict) else None
        found = usage_of(usage) if isinstance(usage, dict) else None
        self.outcomes.append(_counted(found.input_tokens, found.output_tokens) if found else _counted(None, None))
        return (found.input_tokens, found.output_tokens) if found else (None, None)


def _counted(input_tokens: int | None, output_tokens: int | None) -> Outcome:
    return Outcome(0.0, 0.0, input_tokens=input_tokens, output_tokens=output_tokens, chunks=1)


def checked(check: Check, input_tokens: int, output_tokens: int) -> Checked:
    """Find a manner that is answered, then the length of prompts that comes out as `input_tokens`."""
    few = min(output_tokens, CHECK_OUTPUT_TOKENS)
    manner, prompts, outcome, notes = _answered(check, input_tokens, few)
    usage = outcome.output_tokens is not None
    tokens, per_piece = outcome.input_tokens, _ratio(outcome.output_tokens, outcome.chunks)
    if not usage:
        tokens, whole = check.whole(manner, prompts, few)
        per_piece = _ratio(whole, outcome.chunks)
        notes.append(_note("NO_USAGE", _counting(per_piece)))
    prompts, tokens, more = _fit(check, manner, prompts, input_tokens, tokens, usage)
    return Checked(manner, prompts, usage, per_piece, tokens, (*notes, *more), tuple(check.outcomes))


def _answered(check: Check, input_tokens: int, output_tokens: int) -> tuple[Manner, Prompts, Outcome, list[Flag]]:
    manner = first_manner(check.task, check.engine)
    notes: list[Flag] = []
    for _ in range(MOST_STEPS):
        prompts = first_guess(manner.prompts, input_tokens, manner.highest_id)
        outcome = check.stream(manner, prompts, output_tokens)
        if outcome.completed:
            return manner, prompts, outcome, notes
        if too_long(outcome):
            raise stopped(
                "bad_request", outcome.detail, "Ask for shorter requests, or give the server a longer context."
            )
        step = milder(manner, outcome, check.task)
        if step is None:
            break
        manner = step.manner
        notes += [step.note] if step.note else []
    assert outcome.error is not None
    raise stopped(outcome.error, f"The first request was not answered ({outcome.error}): {outcome.detail}")


def _fit(
    check: Check, manner: Manner, prompts: Prompts, wanted: int, tokens: int | None, usage: bool
) -> tuple[Prompts, int | None, list[Flag]]:
    """Prompts that come out as `wanted` tokens; a template and the tokeniser are corrected for."""
    if tokens is None:
        exact = prompts.kind == "token_ids"
        note = "The server does not count prompt tokens; " + ("ids were counted." if exact else "words were counted.")
        return prompts, prompts.length if exact else None, [_note("PROMPT_LENGTH", note)]
    seen = [(prompts.length, tokens)]
    shortest = _shortest(check, manner, prompts, usage)
    for _ in range(MOST_FITS):
        better = fitted(prompts, wanted, shortest, seen)
        if abs(tokens - wanted) <= NEAR_FRACTION * wanted or better.length == prompts.length:
            break
        counted = _tokens(check, manner, better, usage)
        if counted is None:
            break
        prompts, tokens = better, counted
        seen.append((prompts.length, tokens))
    off = abs(tokens - wanted) > max(1, NEAR_FRACTION * wanted)
    note = f"Prompts come out as {tokens:,} tokens where {wanted:,} were asked; the template and tokeniser add to them."
    return prompts, tokens, [_note("PROMPT_LENGTH", note)] if off else []


def _shortest(check: Check, manner: Manner, prompts: Prompts, usage: bool) -> tuple[int, int]:
    """A prompt of one word in a chat, whose other tokens are the template's; elsewhere nothing is added."""
    if manner.prompts != "chat":
        return 0, 0
    return 1, _tokens(check, manner, prompts._replace(length=1), usage) or 1


def _tokens(check: Check, manner: Manner, prompts: Prompts, usage: bool) -> int | None:
    """Prompt tokens of one more short request."""
    if usage:
        return check.stream(manner, prompts, 1).input_tokens
    return check.whole(manner, prompts, 1)[0]


def _ratio(tokens: int | None, pieces: int) -> float | None:
    return tokens / pieces if tokens and pieces else None


def _counting(per_piece: float | None) -> str:
    if per_piece is None:
        return "No answer counts its tokens: the server's counters do where they can, else pieces."
    checked = f"checked once: {per_piece:.2f} tokens a piece"
    return f"Streams do not count their tokens: the server's counters do where they can, else pieces ({checked})."


def _note(code: FlagCode, message: str) -> Flag:
    return Flag(code=code, severity="note", message=message)
