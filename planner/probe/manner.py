"""How a server wants to be asked, found out by asking: path, form of prompts, and the fields that it takes."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import Flag, FlagCode
from planner.domain.measurement import PromptKind
from planner.domain.probe_task import ProbeTask

COMPLETIONS, CHAT = "/v1/completions", "/v1/chat/completions"
HIGHEST_IDS = (30_000, 15_000, 4_000, 1_000)
"""Token ids go up to one of these: below the special ids of common vocabularies, and within small ones."""
_CONTEXT_WORDS = ("context length", "context window", "max_model_len", "maximum context", "too long", "too many tokens")


class Step(NamedTuple):
    """What to try next, and what has to be known of it."""

    manner: Manner
    note: Flag | None = None


class Manner(NamedTuple):
    """How requests are made."""

    path: str = COMPLETIONS
    prompts: PromptKind = "token_ids"
    highest_id: int = HIGHEST_IDS[0]
    usage_in_stream: bool = True
    ignore_eos: bool = True
    temperature: float | None = 0.0
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def body(self, model: str, prompt: object, output_tokens: int, *, stream: bool = True) -> bytes:
        """The JSON of a request."""
        fields: dict[str, Any] = {"model": model, self.length_field: output_tokens, "stream": stream}
        if self.path == CHAT:
            fields["messages"] = [{"role": "user", "content": prompt}]
        else:
            fields["prompt"] = prompt
        if self.temperature is not None:
            fields["temperature"] = self.temperature
        if self.ignore_eos:
            fields |= {"ignore_eos": True, "min_tokens": output_tokens}
        if stream and self.usage_in_stream:
            fields["stream_options"] = {"include_usage": True}
        return json.dumps(fields, separators=(",", ":")).encode()


def first_manner(task: ProbeTask | None, engine: str) -> Manner:
    """The first to try: everything that is asked for."""
    endpoint = task.endpoint if task else "auto"
    prompts = task.prompts if task else "auto"
    temperature = task.temperature if task else 0.0
    ignore_eos = task.ignore_eos if task else True
    if endpoint == "chat":
        return Manner(CHAT, "chat", ignore_eos=ignore_eos, temperature=temperature)
    kind: PromptKind = "text" if prompts == "text" or (prompts == "auto" and engine in _TEXT_ONLY) else "token_ids"
    return Manner(COMPLETIONS, kind, ignore_eos=ignore_eos, temperature=temperature)


_TEXT_ONLY = ("ollama", "tgi")
"""Their completions take a prompt as text."""


def too_long(outcome: Outcome) -> bool:
    """Whether a refusal speaks of the context length."""
    words = outcome.detail.lower()
    return outcome.error == "bad_request" and any(phrase in words for phrase in _CONTEXT_WORDS)


def milder(manner: Manner, outcome: Outcome, task: ProbeTask | None) -> Step | None:
    """What to try after a refusal; None = there is nothing milder."""
    endpoint = task.endpoint if task else "auto"
    may_chat = endpoint == "auto" and manner.path == COMPLETIONS and (task is None or task.prompts != "token_ids")
    if outcome.error == "not_found":
        return _to_chat(manner) if may_chat else None
    if outcome.error not in ("bad_request", "server_error", "stream_error", "unreadable", "other", "empty_answer"):
        return None
    words = outcome.detail.lower()
    for step in (_vocabulary, _named_field, _unnamed):
        found = step(manner, words, task)
        if found is not None:
            return found
    return _to_chat(manner) if may_chat else None


def _vocabulary(manner: Manner, words: str, task: ProbeTask | None) -> Step | None:
    lower = [highest for highest in HIGHEST_IDS if highest < manner.highest_id]
    if manner.prompts == "token_ids" and lower and ("vocab" in words or "token id" in words):
        return Step(manner._replace(highest_id=lower[0]))
    return None


def _named_field(manner: Manner, words: str, task: ProbeTask | None) -> Step | None:
    """The milder manner for a field that the refusal names."""
    if "max_completion_tokens" in words and manner.length_field == "max_tokens":
        return Step(manner._replace(length_field="max_completion_tokens"))
    if ("ignore_eos" in words or "min_tokens" in words) and manner.ignore_eos:
        return _without_ignore_eos(manner)
    if ("stream_options" in words or "include_usage" in words) and manner.usage_in_stream:
        return _without_usage(manner)
    if "temperature" in words and manner.temperature is not None:
        return _without_temperature(manner)
    if "chat" in words and manner.path == COMPLETIONS and (task is None or task.endpoint == "auto"):
        return _to_chat(manner)
    return None


def _unnamed(manner: Manner, words: str, task: ProbeTask | None) -> Step | None:
    """The next field to leave out when the refusal names none; token ids first, as servers fail on those."""
    if manner.prompts == "token_ids" and (task is None or task.prompts == "auto"):
        return Step(
            manner._replace(prompts="text"),
            _note("PROMPT_LENGTH", "The server does not take token ids; prompts are random words."),
        )
    if manner.ignore_eos:
        return _without_ignore_eos(manner)
    if manner.usage_in_stream:
        return _without_usage(manner)
    if manner.temperature is not None:
        return _without_temperature(manner)
    return None


def _without_ignore_eos(manner: Manner) -> Step:
    note = _note("SHORT_OUTPUT", "The server refuses ignore_eos; the model may end answers early.")
    return Step(manner._replace(ignore_eos=False), note)


def _without_usage(manner: Manner) -> Step:
    note = _note("NO_USAGE", "The server refuses stream_options; tokens are counted by pieces.")
    return Step(manner._replace(usage_in_stream=False), note)


def _without_temperature(manner: Manner) -> Step:
    return Step(manner._replace(temperature=None))


def _to_chat(manner: Manner) -> Step:
    note = _note("PROMPT_LENGTH", "The server has no completions; the template of chat completions adds tokens.")
    return Step(manner._replace(path=CHAT, prompts="chat"), note)


def _note(code: FlagCode, message: str) -> Flag:
    return Flag(code=code, severity="note", message=message)
