"""PRB-2: guards of the token counts, of prompts and of answers."""

from __future__ import annotations

from planner.capacity.measurement.guard_case import Case, flag
from planner.capacity.measurement.reconcile import beyond_counted, explained
from planner.domain.measured_run import Flag, Run, Severity

CACHE_NOTED, CACHE_UNUSABLE = 0.01, 0.05
"""Prompt tokens from the prefix cache. Fresh prompts have none; vLLM's own benchmark warns from 1 %. Work left out
raises the rate by about its share: 5 % is half of what a calibration is off at P90; 87 % gave 2.5 times the rate."""
SHORT_NOTED = 0.01
NEARLY_FRACTION = 0.9
"""Shorter answers than this x what was asked are another shape (CAP-13)."""
LENGTH_NOTED, LENGTH_DOUBTED = 0.02, 0.10
"""Prompt tokens beside those asked; from 10 % on it is another shape (CAP-13)."""


def cache_share(run: Run) -> float:
    """Share of prompt tokens that came from the prefix cache, by counters or answers, whichever says more."""
    said = (run.cached_input_tokens or 0) / run.input_tokens if run.input_tokens else 0.0
    queried = run.server.cache_query_tokens if run.server else None
    hit = (run.server.cache_hit_tokens or 0) if run.server else 0
    return max(said, hit / queried if queried else 0.0)


def prefix_cache(case: Case) -> Flag | None:
    """Prompt tokens that were not computed: expected in live traffic, an error of a probe with fresh prompts."""
    share = cache_share(case.run)
    if share <= CACHE_NOTED:
        return None
    seen = f"{share:.1%} of the prompt tokens came from the prefix cache"
    if case.run.kind == "live":
        return flag("PREFIX_CACHE", "note", f"{seen}; only those computed are counted as prompt.")
    severity: Severity = "unusable" if share > CACHE_UNUSABLE else "doubt"
    return flag(
        "PREFIX_CACHE", severity, f"{seen}: the rate is higher than with new prompts. Use fresh random prompts."
    )


def short_output(case: Case) -> Flag | None:
    """Answers that ended early although full length was asked."""
    short = case.run.short or 0
    if not case.wanted.full_length or case.share(short) <= SHORT_NOTED:
        return None
    mean = case.run.output_tokens / case.run.completed
    return flag(
        "SHORT_OUTPUT",
        "doubt",
        f"{short:,} of {case.run.completed:,} answers were shorter than asked (mean {mean:,.1f} tokens, "
        f"{case.wanted.output_tokens or 0:,} asked): the server does not keep to full length.",
    )


def prompt_length(case: Case) -> Flag | None:
    """Prompts that the server counts otherwise than they were asked."""
    asked, run = case.wanted.input_tokens, case.run
    if not asked or not run.completed or run.token_source == "chunks":
        return None
    mean = run.input_tokens / run.completed
    off = abs(mean / asked - 1)
    if off < LENGTH_NOTED:
        return None
    severity: Severity = "doubt" if off > LENGTH_DOUBTED else "note"
    return flag(
        "PROMPT_LENGTH",
        severity,
        f"Prompts had {mean:,.1f} tokens where {asked:,} were asked ({mean / asked - 1:+.0%}); the length that was "
        "delivered is used.",
    )


def context_limit(case: Case) -> Flag | None:
    """Answers clipped at the longest context that the server takes."""
    wanted, clipped = case.wanted, case.share(case.more.clipped)
    most = wanted.max_model_len
    over = bool(most and (wanted.input_tokens or 0) + (wanted.output_tokens or 0) > most)
    if not over and clipped <= SHORT_NOTED:
        return None
    mean = case.run.output_tokens / case.run.completed if case.run.completed else 0.0
    nearly = not wanted.output_tokens or mean >= NEARLY_FRACTION * wanted.output_tokens
    limit = f"the server takes {most:,} tokens" if most else "the server's context is too short"
    return flag(
        "CONTEXT_LIMIT",
        "doubt" if nearly else "unusable",
        f"Answers were clipped to a mean of {mean:,.1f} tokens: {limit}, and prompt and answer asked for "
        f"{(wanted.input_tokens or 0) + (wanted.output_tokens or 0):,}. Ask for less.",
    )


def no_usage(case: Case) -> Flag | None:
    """Tokens counted by pieces: certain only where the server generated as many."""
    run = case.run
    if run.token_source == "server" and run.kind != "live":
        said = "Answers did not say their tokens: they are those that the server generated in the run, for nobody else."
        return flag("NO_USAGE", "note", said)
    if run.token_source != "chunks" or not run.completed:
        return None
    if run.reconciled:
        said = "Answers did not say their tokens; pieces were counted, and the server generated exactly as many."
        return flag("NO_USAGE", "note", said)
    return flag(
        "NO_USAGE",
        "doubt",
        "Answers did not say their tokens: pieces were counted, which may be more or fewer, and prompts are taken as "
        "long as asked.",
    )


def reasoning(case: Case) -> Flag | None:
    """Reasoning counts as output, and its first piece as the first token."""
    if not case.more.reasoning:
        return None
    seen = f"{case.more.reasoning:,} of {case.run.completed:,} answers held reasoning"
    return flag("REASONING", "note", f"{seen}: it is counted as output, and its first piece as the first token.")


def other_traffic(case: Case) -> Flag | None:
    """The server worked for others too: the rate is not all that it gave."""
    run = case.run
    if run.kind == "live" or run.server is None:
        return None
    if run.token_source == "chunks":
        extra: float = (run.server.requests_finished or 0) - run.sent
        seen = f"The server ended {extra:,} requests more than were sent"
        asked, generated = case.wanted.output_tokens, run.server.generation_tokens or 0
        if extra <= 0 and asked:
            extra = generated - run.sent * (asked + 1)
            seen = f"The server generated {generated:,} tokens, more than {run.sent:,} answers of {asked:,} hold"
    else:
        extra = (beyond_counted(run) or 0) - explained(run, case.wanted.output_tokens)
        seen = f"The server generated {beyond_counted(run) or 0:,} tokens more than were counted"
    if extra <= 0:
        return None
    return flag("OTHER_TRAFFIC", "unusable", f"{seen}: somebody else used it. Probe it while nobody else does.")


def tokens_differ(case: Case) -> Flag | None:
    """Server and client count differently, and no other traffic explains it."""
    run, beyond = case.run, beyond_counted(case.run)
    if not beyond or run.reconciled is None or other_traffic(case):
        return None
    if run.token_source == "chunks":
        said = (
            f"{run.output_tokens:,} pieces were counted and the server generated {run.output_tokens + beyond:,} tokens"
        )
        return flag("TOKENS_DIFFER", "doubt", f"{said}: a piece is not a token here.")
    if beyond > 0:
        said = f"The server generated {beyond:,} tokens more than were counted, at most one an answer"
        return flag("TOKENS_DIFFER", "doubt", f"{said}: it seems to count the end of an answer.")
    severe = -beyond > run.completed
    return flag(
        "TOKENS_DIFFER",
        "unusable" if severe else "doubt",
        f"{-beyond:,} tokens more were counted than the server says it generated"
        + (": several servers may answer at this address. Probe one of them." if severe else "."),
    )
