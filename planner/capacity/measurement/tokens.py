"""PRB-1: who counted the tokens of a run's answers, and how many each of them had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import ServerDelta, TokenSource

MOST_TOLD_TOKENS = 10**8


class Counted(NamedTuple):
    """How tokens were counted; `per_piece` holds for answers that do not say."""

    source: TokenSource
    per_piece: float

    def tokens(self, outcome: Outcome) -> float:
        """Generated tokens of an answer, reasoning included."""
        said = told(outcome.output_tokens)
        return outcome.chunks * self.per_piece if said is None else float(said)


def told(count: int | None) -> int | None:
    """A count that an answer says, unless it is none that an answer can have."""
    return count if count is not None and 0 <= count <= MOST_TOLD_TOKENS else None


def counted(done: Sequence[Outcome], server: ServerDelta | None, sent: int, asked: int) -> Counted:
    """By the answers; else, where the server ended exactly the requests that were sent, all were answered and hold no
    more than the `asked` tokens each, its own count spread over the pieces; else one token a piece."""
    silent = [outcome for outcome in done if told(outcome.output_tokens) is None]
    if not silent:
        return Counted("usage", 1.0)
    pieces = sum(outcome.chunks for outcome in silent)
    alone = server is not None and server.requests_finished == sent == len(done)
    if not alone or server is None or server.generation_tokens is None or not pieces:
        return Counted("chunks", 1.0)
    rest = server.generation_tokens - sum(told(outcome.output_tokens) or 0 for outcome in done)
    most = len(silent) * (asked + 1)  # some count the end of an answer
    return Counted("server", rest / pieces) if 0 < rest <= most else Counted("chunks", 1.0)


def short_of(done: Sequence[Outcome], asked: int) -> int:
    """Answers shorter than asked: by what they say, else those that the model itself ended in fewer pieces."""
    said = [(told(outcome.output_tokens), outcome) for outcome in done]
    return sum(
        n < asked if n is not None else outcome.finish == "stop" and outcome.chunks < asked for n, outcome in said
    )


def clipped_of(done: Sequence[Outcome], asked: int) -> int:
    """Answers that say they ended at a length, and one below the length asked."""
    return sum(o.finish == "length" and (told(o.output_tokens) or asked) < asked for o in done)
