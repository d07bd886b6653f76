"""What the server is, and what goes wrong with it. Every field may be changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class Faults:
    # What it is
    model: str = "tiny"
    engine: Literal["vllm", "other"] = "vllm"
    """other: no /version, no /health, no fingerprint, no max_model_len."""
    version: str = "0.32.0"
    max_model_len: int | None = 4096
    api_key: str = ""
    """Asked for under /v1 only, as vLLM does."""
    slots: int = 8
    ttft_s: float = 0.004
    token_s: float = 0.001
    slower_per_request: float = 0.0
    """A token takes token_s x (1 + this x the other requests in service)."""
    most_queued: int | None = None
    """Beyond it, requests are refused: 503, or 200 with an error event in a stream."""
    prefix_cache: bool = True
    """Blocks of 16 tokens that were seen before are hits."""
    tokens_per_word: float = 1.0
    template_tokens: int = 17
    """That a chat template adds to a prompt."""
    natural_tokens: int | None = None
    """Where answers end by themselves when they are not made to run on; None = at the length that was asked."""
    system_fingerprint: str = "vllm-0.32.0-0a1b2c3d"

    # What it offers
    metrics: Literal["new", "old", "none"] = "new"
    completions: bool = True
    chat: bool = True
    token_ids: bool = True
    usage: bool = True
    usage_details: bool = True
    """Cached and reasoning tokens in usage."""
    unknown_fields: Literal["honoured", "ignored", "refused"] = "honoured"
    """What becomes of ignore_eos and min_tokens."""
    refused_fields: tuple[str, ...] = ("ignore_eos", "min_tokens")
    over_context: Literal["refused", "clipped"] = "clipped"

    # How answers arrive
    tokens_per_chunk: int = 1
    burst: bool = False
    """Everything at once when the answer is done."""
    reasoning_fraction: float = 0.0
    reasoning_field: str = "reasoning_content"
    gzip: bool = False
    http10: bool = False
    whole_body: bool = False
    """A stream with a Content-Length, sent in one write when it is done."""

    # Which requests a fault hits: the `every`-th ones after the first `after`
    after: int = 0
    every: int = 1
    status: int | None = None
    retry_after: str | None = None
    message: str = "as the test wants"
    error_event: int | None = None
    """200, then an event with an error of this code, then [DONE]."""
    no_done: bool = False
    cut: bool = False
    """The connection breaks in the middle."""
    empty: bool = False
    short_fraction: float | None = None
    stall_s: float | None = None
    """Silence after half of the answer."""
    endless: bool = False
    garbage: bool = False
    """Half of the answer, then events that are no JSON."""
    huge_line_bytes: int | None = None
    die: bool = False
    """The whole server is gone in the middle of the answer."""
    redirect: str | None = None
    drip: Literal["", "headers", "comments"] = ""
    """Never silent and never an answer: a header byte by byte, or half of the answer and then comments without end."""
    raw_answer: str | None = None
    """Bytes in place of the whole answer, and the end of the connection."""
    raw_events: list[str] | None = None
    """Events in place of the answer, as they are."""
    usage_instead: Any = None
    finish_instead: str | None = None

    # What its counters and its own words say
    cache_hit_fraction: float | None = None
    other_tokens_per_request: int = 0
    """Generation tokens of somebody else's traffic that the counters show."""
    counters_reset_at: int | None = None
    """The engine restarts its counters at this request."""
    preemptions_per_request: int = 0
    get_status: dict[str, int] = field(default_factory=dict)
    """path -> status in place of what it says there."""
    get_body: dict[str, str] = field(default_factory=dict)
    """path -> body in place of what it says there."""
    get_stall_s: dict[str, float] = field(default_factory=dict)

    def hits(self, number: int) -> bool:
        """Whether the fault hits generation request `number`, counted from 1."""
        return number > self.after and (number - self.after) % self.every == 0
