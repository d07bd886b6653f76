"""What a server says of itself, and how it wants to be asked: everything that is known before the first load."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import Flag
from planner.domain.measurement import Declared, ProbedServer
from planner.domain.probe_task import ProbeTask
from planner.probe.address import Address, Policy, address, session
from planner.probe.asking import Asking, stopped
from planner.probe.check import Check, checked
from planner.probe.engine import engine_facts
from planner.probe.errors import ProbeError
from planner.probe.failure import plain
from planner.probe.manner import Manner
from planner.probe.metrics import cache_facts, counters, engine_of, how_full
from planner.probe.prompts import Prompts

HASH_DIGITS = 12
LOOK_INPUT_TOKENS, LOOK_OUTPUT_TOKENS = 16, 8


class Target(NamedTuple):
    """A server to be probed, and what its owner says of it."""

    url: str
    model: str = ""
    """Name to send; empty = the one that is served."""
    api_key: str = ""
    declared: Declared = Declared()
    policy: Policy = "own"

    def __repr__(self) -> str:
        key = "given" if self.api_key else "none"
        return f"Target(url={self.url!r}, model={self.model!r}, api_key={key}, policy={self.policy!r})"


class Looked(NamedTuple):
    """What was found before the first load."""

    server: ProbedServer
    address: Address
    model: str
    """Name that requests are sent with."""
    manner: Manner
    prompts: Prompts
    """Of the length that was asked, as far as the server's tokeniser can be fitted."""
    served: tuple[str, ...]
    same_host: bool
    usage_in_stream: bool
    """Whether answers count their tokens."""
    tokens_per_piece: float | None
    """In the check; None = one request could not tell."""
    input_tokens: int | None
    """Prompt tokens of the last check, template included."""
    flags: tuple[Flag, ...]
    """What has to be known of the way the server is asked."""
    outcomes: tuple[Outcome, ...]
    """The requests that the look itself sent."""

    @property
    def notes(self) -> tuple[str, ...]:
        """The flags in words."""
        return tuple(flag.message for flag in self.flags)


def look(target: Target, task: ProbeTask | None = None, cancelled: Callable[[], bool] = lambda: False) -> Looked:
    """Ask a server what it is, then send a few requests (of the task's shape, else tiny ones) to see how it answers.

    Raises ProbeError: wrong address, certificate, key, path, rate limit, model not served, context too short.
    """
    where = address(target.url, target.policy)
    with session(where, target.api_key) as asked:
        asking = Asking(asked, where)
        model, listed, served = _model(asking, where, target.model)
        metrics = asking.text("/metrics") or ""
        facts = engine_facts(asking, listed, engine_of(metrics))
    limit = facts.max_model_len
    _fits(task, limit, model)
    check = Check(where, target.api_key, model, task, facts.engine, cancelled)
    how = checked(
        check, task.input_tokens if task else LOOK_INPUT_TOKENS, task.output_tokens if task else LOOK_OUTPUT_TOKENS
    )
    cache = cache_facts(metrics)
    server = ProbedServer(
        address_hash=hashlib.sha256(where.origin.encode()).hexdigest()[:HASH_DIGITS],
        engine=facts.engine,
        engine_version=plain(facts.version),
        served_model=plain(model),
        max_model_len=limit,
        fingerprint=plain(how.outcomes[-1].fingerprint),
        kv_cache_tokens=cache.kv_cache_tokens,
        prefix_caching=cache.prefix_caching,
        metrics=how_full(counters(metrics)),
    )
    return Looked(
        server,
        where,
        model,
        how.manner,
        how.prompts,
        served,
        same_host(where),
        how.usage_in_stream,
        how.tokens_per_piece,
        how.input_tokens,
        how.flags,
        how.outcomes,
    )


def _model(asking: Asking, where: Address, wanted: str) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Name to send, what the server says of it, and all names it serves."""
    try:
        found = asking.json("/v1/models", needed=True)
    except ProbeError as problem:
        if problem.kind != "not_found" or not wanted:
            raise
        return wanted, {}, ()  # some servers list no models; the first request will tell
    data = (found or {}).get("data")
    entries = (
        [e for e in data if isinstance(e, dict) and isinstance(e.get("id"), str)] if isinstance(data, list) else []
    )
    served = tuple(plain(entry["id"]) for entry in entries)
    if not wanted and len(entries) == 1:
        return str(entries[0]["id"]), entries[0], served
    chosen = next((entry for entry in entries if entry["id"] == wanted), None)
    if chosen is None:
        names = ", ".join(served[:10]) or "none"
        asked = f"does not serve the model {plain(wanted)!r}" if wanted else "serves more than one model"
        raise stopped("not_found", f"{where.origin} {asked}", f"Choose one that it serves: {names}.")
    return wanted, chosen, served


def _fits(task: ProbeTask | None, limit: int | None, model: str) -> None:
    if task is not None and limit is not None and task.input_tokens + task.output_tokens > limit:
        raise stopped(
            "bad_request",
            f"{plain(model)} takes {limit:,} tokens of prompt and answer, and the probe asks "
            f"{task.input_tokens:,} + {task.output_tokens:,}",
            "Ask for shorter requests, or start the server with a longer context.",
        )


def same_host(where: Address) -> bool:
    """Whether the server runs on this machine: the way to it begins and ends at the same number."""
    if where.is_loopback:
        return True
    family = socket.AF_INET6 if ":" in where.ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect((where.ip, where.port))
            return str(way.getsockname()[0]) == where.ip
    except OSError:
        return False
