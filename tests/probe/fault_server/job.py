"""One question that was asked: its prompt in tokens, how long its answer will be, and how the answer is worded."""

from __future__ import annotations

import json
import math
import random
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.probe.fault_server.faults import Faults

WORDS = ("balo ", "kemi ", "nuraba ", "sito ", "vezu ", "chadro ", "fin ", "galhem ", "lomi ", "ra ")
DONE = b"data: [DONE]\n\n"


class Refused(Exception):
    """A question that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Job(NamedTuple):
    number: int
    hit: bool
    chat: bool
    stream: bool
    include_usage: bool
    prompt: tuple[int, ...]
    output_tokens: int
    finish: str


def job(body: dict[str, Any], chat: bool, number: int, faults: Faults) -> Job:
    """What a question comes to. Raises Refused."""
    if body.get("model") != faults.model:
        raise Refused(404, f"The model `{body.get('model')}` does not exist.")
    if faults.unknown_fields == "refused" and (wrong := [name for name in faults.refused_fields if name in body]):
        raise Refused(400, f"Extra inputs are not permitted: {', '.join(wrong)}")
    prompt = _prompt(body, chat, faults)
    asked = int(body.get("max_tokens") or body.get("max_completion_tokens") or 16)
    hit = faults.hits(number)
    tokens, finish = _length(body, asked, hit, number, faults)
    if faults.max_model_len is not None and len(prompt) + tokens > faults.max_model_len:
        if faults.over_context == "refused" or len(prompt) >= faults.max_model_len:
            raise Refused(400, f"This model's maximum context length is {faults.max_model_len} tokens.")
        tokens, finish = faults.max_model_len - len(prompt), "length"
    options = body.get("stream_options") or {}
    return Job(number, hit, chat, bool(body.get("stream")), bool(options.get("include_usage")), prompt, tokens, finish)


def _prompt(body: dict[str, Any], chat: bool, faults: Faults) -> tuple[int, ...]:
    if chat:
        texts = [str(message.get("content", "")) for message in body.get("messages", ())]
        return (1,) * faults.template_tokens + _tokens(" ".join(texts), faults)
    prompt = body.get("prompt", "")
    if isinstance(prompt, str):
        return _tokens(prompt, faults)
    if not faults.token_ids:
        raise Refused(500, "Internal Server Error")
    if not all(isinstance(token, int) for token in prompt):
        raise Refused(400, "prompt has to be a text or a list of token ids")
    return tuple(prompt)


def _tokens(text: str, faults: Faults) -> tuple[int, ...]:
    words = [zlib.crc32(word.encode()) for word in text.split()]
    return tuple(words[int(n / faults.tokens_per_word)] for n in range(math.ceil(len(words) * faults.tokens_per_word)))


def _length(body: dict[str, Any], asked: int, hit: bool, number: int, faults: Faults) -> tuple[int, str]:
    """Tokens of the answer and why it ends there."""
    if hit and faults.empty:
        return 0, "stop"
    if hit and faults.short_fraction is not None:
        return max(1, int(asked * faults.short_fraction)), "stop"
    forced = faults.unknown_fields == "honoured" and (body.get("ignore_eos") or body.get("min_tokens", 0) >= asked)
    if forced or faults.natural_tokens is None:
        return asked, "length"
    natural = random.Random(number).randint(1, 2 * faults.natural_tokens - 1)
    return (asked, "length") if natural >= asked else (natural, "stop")


def usage(job: Job, cached: int, output_tokens: int, faults: Faults) -> Any:
    if job.hit and faults.usage_instead is not None:
        return faults.usage_instead
    told: dict[str, Any] = {
        "prompt_tokens": len(job.prompt),
        "total_tokens": len(job.prompt) + output_tokens,
        "completion_tokens": output_tokens,
    }
    if faults.usage_details:
        told["prompt_tokens_details"] = {"cached_tokens": cached}
        if faults.reasoning_fraction:
            told["completion_tokens_details"] = {"reasoning_tokens": int(output_tokens * faults.reasoning_fraction)}
    return told


def whole(job: Job, cached: int, faults: Faults) -> bytes:
    """The answer without streaming."""
    text = "".join(WORDS[n % len(WORDS)] for n in range(job.output_tokens))
    choice: dict[str, Any] = {"index": 0, "finish_reason": job.finish, "logprobs": None}
    choice |= {"message": {"role": "assistant", "content": text}} if job.chat else {"text": text}
    answer = _frame(job, faults) | {"choices": [choice]}
    if faults.usage:
        answer["usage"] = usage(job, cached, job.output_tokens, faults)
    return json.dumps(answer).encode()


def pieces(job: Job, cached: int, faults: Faults) -> Iterator[tuple[int, bytes]]:
    """The stream: tokens that each event brings, and the event."""
    if job.chat:
        yield 0, _event(job, faults, {"delta": {"role": "assistant", "content": ""}})
    done = 0
    while done < job.output_tokens:
        tokens = min(faults.tokens_per_chunk, job.output_tokens - done)
        text = "".join(WORDS[n % len(WORDS)] for n in range(done, done + tokens))
        reasoning = done < job.output_tokens * faults.reasoning_fraction
        done += tokens
        finish = (faults.finish_instead or job.finish) if done == job.output_tokens else None
        yield tokens, _event(job, faults, _piece(job, faults, text, reasoning), finish)
    if job.output_tokens == 0:
        yield 0, _event(job, faults, _piece(job, faults, "", False), job.finish)
    if faults.usage and job.include_usage:
        last = _frame(job, faults) | {"choices": [], "usage": usage(job, cached, done, faults)}
        yield 0, b"data: " + json.dumps(last).encode() + b"\n\n"
    if not (job.hit and faults.no_done):
        yield 0, DONE


def _piece(job: Job, faults: Faults, text: str, reasoning: bool) -> dict[str, Any]:
    if not job.chat:
        return {"text": text}
    return {"delta": {faults.reasoning_field if reasoning else "content": text}}


def _event(job: Job, faults: Faults, piece: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "logprobs": None, "finish_reason": finish, **piece}
    return b"data: " + json.dumps(_frame(job, faults) | {"choices": [choice]}).encode() + b"\n\n"


def _frame(job: Job, faults: Faults) -> dict[str, Any]:
    kind = ("chat.completion" if job.chat else "text_completion") + (".chunk" if job.chat and job.stream else "")
    about = {"id": f"cmpl-{job.number}", "object": kind, "created": 1795214552, "model": faults.model}
    return about | ({"system_fingerprint": faults.system_fingerprint} if faults.engine == "vllm" else {})


def error(status: int, message: str) -> bytes:
    kind = "BadRequestError" if status == 400 else "InternalServerError" if status >= 500 else "Error"
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": status}}).encode()
