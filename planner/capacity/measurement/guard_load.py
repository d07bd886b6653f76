"""PRB-2: guards of the load: failures, the client's own limits, what the run is too short for."""

from __future__ import annotations

from planner.capacity.measurement.guard_case import Case, flag
from planner.domain.measured_run import Flag, Severity
from planner.format import plural

FEW_ERRORS = 0.01
"""Of the requests that ended: failed ones leave their room to the others, and 52 of 64 failing still gave a rate."""
BURST_TPOT_MS = 0.1
"""No engine gives one request 10,000 tokens a second: below it the pieces arrived together."""
FEW_PIECES, LONGER_TOKENS = 2.0, 8.0
"""Answers of 8 tokens and more in 2 pieces or fewer, in the mean, tell no time per token."""
HELD_FRACTION = 0.9
"""A tenth of the load missing is as much as repeats differ by."""
BUSY_CORES = 0.8
"""Threads of Python share one core for reading answers; driving 64 requests took 1 to 4 % of it."""
PREEMPTED_DOUBTED = 0.01
LEAST_COMPLETED, LEAST_WAVES = 10, 2


def errors(case: Case) -> Flag | None:
    """Failed requests, and runs without anything to measure."""
    run, failed = case.run, case.failed
    if not run.output_tokens:
        what = "No request was answered" if not run.completed else "No answer held a token"
        worst = f": {run.errors[0].kind.replace('_', ' ')}" if run.errors else ""
        return flag("ERRORS", "unusable", f"{what} ({run.sent:,} sent){worst}.")
    if not failed:
        return None
    share = failed / (run.completed + failed)
    kinds = ", ".join(f"{error.count:,} {error.kind.replace('_', ' ')}" for error in run.errors)
    severity: Severity = "unusable" if share > FEW_ERRORS else "note"
    return flag("ERRORS", severity, f"{failed:,} of {run.completed + failed:,} requests failed ({share:.1%}): {kinds}.")


def rate_limited(case: Case) -> Flag | None:
    """A limiter answered in place of the engine: what was measured is the limit."""
    refused = sum(error.count for error in case.run.errors if error.kind == "rate_limited")
    if not refused:
        return None
    ended = case.run.completed + case.failed
    severity: Severity = "unusable" if refused > FEW_ERRORS * ended else "doubt"
    said = f"{refused:,} of {ended:,} requests met a rate limit"
    return flag(
        "RATE_LIMITED", severity, f"{said}: the rate is the limit's, not the server's. Raise it, or ask for less."
    )


def burst_delivery(case: Case) -> Flag | None:
    """Pieces that arrive together: rates hold, times to and between tokens do not."""
    run = case.run
    if not run.completed:
        return None
    tokens = run.output_tokens / run.completed
    pieces = tokens if run.chunks is None else run.chunks / run.completed
    middle = run.tpot_ms.p50 if run.tpot_ms else None
    if middle is not None and middle < BURST_TPOT_MS:
        seen = f"Half of the answers took less than {BURST_TPOT_MS:g} ms a token"
    elif tokens >= LONGER_TOKENS and pieces <= FEW_PIECES:
        seen = f"Answers of {tokens:,.0f} tokens came in {pieces:,.1f} pieces"
    else:
        return None
    return flag("BURST_DELIVERY", "doubt", f"{seen}: they arrived in bursts. The rate holds, the latencies do not.")


def no_metrics(case: Case) -> Flag | None:
    """Without counters other traffic, cache hits and lost tokens go unseen."""
    server, reset = case.run.server, any(known.code == "COUNTER_RESET" for known in case.run.flags)
    if (server is not None and server.generation_tokens is not None) or case.more.counter_reset or reset:
        return None
    said = "The server's counters could not be read: tokens are not reconciled, and other traffic would go unseen."
    return flag("NO_METRICS", "note", said)


def old_metrics(case: Case) -> Flag | None:
    """Counters under the names of an older engine."""
    if not case.more.old_names:
        return None
    return flag("OLD_METRICS", "note", "The counters have the names of an older engine; some are not there.")


def counter_reset(case: Case) -> Flag | None:
    """A restart in the middle of a run."""
    if not case.more.counter_reset:
        return None
    return flag("COUNTER_RESET", "unusable", "A counter of the server went back: it was restarted during the run.")


def preempted(case: Case) -> Flag | None:
    """Requests put back for want of memory are computed again."""
    count = (case.run.server.preemptions or 0) if case.run.server else 0
    if not count:
        return None
    severity: Severity = "doubt" if case.share(count) > PREEMPTED_DOUBTED else "note"
    said = f"{count:,} requests were put back for want of KV memory and computed again"
    return flag("PREEMPTED", severity, f"{said}: the load is more than its memory holds.")


def client_bound(case: Case) -> Flag | None:
    """The client could not hold the load, or was as busy as one program can be."""
    run, held = case.run, case.more.held_in_flight
    if run.kind == "closed" and held is not None and held < HELD_FRACTION * run.requests_in_flight:
        said = f"The client held {held:,.1f} requests in flight where {run.requests_in_flight:g} were asked"
        return flag("CLIENT_BOUND", "doubt", f"{said}: the server could do more.")
    if run.client_cpu_fraction is not None and run.client_cpu_fraction > BUSY_CORES:
        said = f"The client was busy on {run.client_cpu_fraction:.2f} cores"
        return flag("CLIENT_BOUND", "doubt", f"{said}: it may have held the server back. Use a larger machine.")
    return None


def same_host(case: Case) -> Flag | None:
    """Client and server share a machine."""
    if not case.more.same_host:
        return None
    return flag("SAME_HOST", "note", "Client and server ran on one machine and shared its cores.")


def few_requests(case: Case) -> Flag | None:
    """Too few answers for a rate."""
    run = case.run
    waves = LEAST_WAVES * run.requests_in_flight if run.kind == "closed" else 0.0
    least = max(LEAST_COMPLETED, waves)
    if not run.completed or run.completed >= least:
        return None
    return flag(
        "FEW_REQUESTS", "doubt", f"Only {plural(run.completed, 'answer')} for a rate; {least:,.0f} are the least."
    )


def no_steady_window(case: Case) -> Flag | None:
    """The whole run stands in for its steady part, ramp-up and drain included."""
    if case.run.kind != "closed" or case.run.steady is not None or not case.run.completed:
        return None
    said = "Not one whole wave had all its requests in flight: the rate is of the whole run, with ramp-up and drain"
    return flag("NO_STEADY_WINDOW", "doubt", f"{said}, and so too low.")


def stopped(case: Case) -> Flag | None:
    """A run that was cut off has its steady part at best."""
    run, why = case.run, case.more.stopped or "it was stopped"
    if not run.cut_off:
        return flag("STOPPED", "note", f"The run ended early: {why.rstrip('.')}.") if case.more.stopped else None
    severity: Severity = "doubt" if run.steady else "unusable"
    return flag(
        "STOPPED",
        severity,
        f"{run.cut_off:,} of {run.sent:,} requests were still running at its end: {why.rstrip('.')}.",
    )
