"""PRB-1: whether the server generated exactly the tokens that were counted at the client."""

from __future__ import annotations

import math

from planner.domain.measured_run import Run


def beyond_counted(run: Run) -> int | None:
    """Tokens that the server generated less those counted at the client; None without its counter."""
    if run.server is None or run.server.generation_tokens is None:
        return None
    return run.server.generation_tokens - run.output_tokens


def explained(run: Run, output_tokens_asked: int | None) -> float:
    """How far the server may be beyond without anybody else: a token for the end of each answer, and up to a full
    answer for each request that failed or was cut off."""
    if not unfinished(run):
        return float(run.completed)
    return run.completed + unfinished(run) * float(output_tokens_asked or math.inf)


def reconciled(run: Run) -> bool | None:
    """Exact equality of both counts; None when there is one count only, or the server worked for answers that did not
    end."""
    beyond = beyond_counted(run)
    if beyond is None or unfinished(run) or not run.completed or run.token_source == "server":
        return None
    return beyond == 0


def unfinished(run: Run) -> int:
    """Requests that were sent and not answered in full."""
    return run.cut_off + sum(error.count for error in run.errors)
