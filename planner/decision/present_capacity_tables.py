"""The capacity search as tables: candidates, what has no price, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence

from planner.decision.present_capacity import TERMS, Names, key_of, ms, why_words
from planner.decision.present_tables import NONE, NOT_KNOWN, Column, Table, cents, four_digits, right
from planner.domain.capacity import Candidate, Found, Refusal
from planner.format import count, percent, short

REASONS = {
    "FORMAT": "The GPU cannot run the format",
    "ENGINE": "The engine cannot serve it",
    "MODALITY": "It does not read what is asked",
    "CONTEXT": "Longer than the model's context",
    "SPLIT": "Heads or layers do not divide",
    "MEMORY": "Does not fit in memory",
    "LICENCE": "The licence does not allow this use",
    "LATENCY": "Misses the latency target",
    "TERM": "No price on these terms",
    "NODE": "More GPUs than come together",
    "NO_PRICE": "No price in the catalog",
    "BUDGET": "Above the budget",
}


def candidate_rows(found: Found, candidates: Sequence[Candidate], names: Names) -> Table:
    """One row per candidate, in the order given."""
    percentile = f"P{found.request.latency.slo_percentile:g}"
    columns = (
        Column("Deployment"),
        *right(("GPU rent", "USD/month"), ("Low end", "USD/month"), ("High end", "USD/month")),
        *right(("TPOT", f"{percentile}, ms"), ("TTFT", f"{percentile}, weak, ms")),
        *right(("Replicas", "count"), ("GPUs", "count"), ("Per 1M tokens", "USD"), ("Utilisation", "%")),
        Column("Price"),
        Column("Confidence"),
        Column("Why"),
    )
    return Table("Candidates, cheapest first", columns, tuple(_candidate_row(c, names) for c in candidates))


def _candidate_row(c: Candidate, names: Names) -> tuple[str, ...]:
    fleet = count(c.replicas) + (f" ({c.spare_replicas} spare)" if c.spare_replicas else "")
    return (
        names.deployment(c),
        cents(c.usd_per_month),
        NONE if c.usd_per_month_low is None else cents(c.usd_per_month_low),
        "misses the target" if c.usd_per_month_high is None else cents(c.usd_per_month_high),
        _ms(c.tpot_ms),
        _ms(c.ttft_ms),
        fleet,
        count(c.gpus),
        four_digits(c.usd_per_mtok),
        percent(c.utilisation_fraction).rstrip("%"),
        price_words(c),
        c.confidence,
        f"{'On the front. ' if c.pareto else ''}{why_words(c.why)}".strip() or NONE,
    )


def _ms(value: float) -> str:
    return ms(value).removesuffix(" ms")


def price_words(c: Candidate) -> str:
    """Where the GPU-hour is from, in the rent's currency: `2.40 an hour, Acme, on demand, 2026-11-01`."""
    region = f", {c.region}" if c.region else ""
    return f"{cents(c.usd_per_gpu_hour)} an hour, {c.provider}{region}, {TERMS[c.term]}, {c.price_as_of}"


def cheapest_each(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The first, so the cheapest, price of every deployment."""
    kept: dict[str, Candidate] = {}
    for candidate in candidates:
        kept.setdefault(key_of(candidate).rpartition("|")[0], candidate)
    return tuple(kept.values())


def refused_rows(refused: Sequence[Refusal]) -> Table:
    """One row per reason, the most frequent first."""
    columns = (Column("Why left out"), *right(("Left out", "count")), Column("Example"), Column("Way out"))
    ranked = sorted(refused, key=lambda r: -r.count)
    rows = tuple((REASONS[r.code], count(r.count), r.example, r.remedy) for r in ranked)
    return Table("What was left out, and why", columns, rows)


def unpriced_rows(found: Found, names: Names) -> Table:
    """Deployments that meet the target but have no price."""
    columns = (Column("Deployment"), *right(("Rate at the target", "requests/s")), Column("Confidence"))
    rows = tuple((names.deployment(p), short(p.rate_at_target_per_s), p.confidence) for p in found.unpriced)
    return Table("Would meet the target, without a price", columns, rows)


def deployment_rows(found: Found, c: Candidate, names: Names) -> Table:
    """Everything about one candidate, a line each."""
    percentile, serving = f"P{found.request.latency.slo_percentile:g}", c.replicas - c.spare_replicas
    band = f"{short(c.rate_at_target_low_per_s)} to {short(c.rate_at_target_high_per_s)}"
    lines = (
        ("Model", names.model(c.model_id), ""),
        ("Weight format", names.format(c.format_id), ""),
        ("One replica", names.replica(c), f"tensor parallel {c.tp}, pipeline stages {c.pp}"),
        ("Replicas", count(c.replicas), f"{serving} for the peak, {c.spare_replicas} spare"),
        ("GPUs paid for", count(c.gpus), f"{c.instance}, {c.gpus_per_instance} at a time"),
        ("Rate of one replica within the target", f"{short(c.rate_at_target_per_s)} requests/s", f"80% band {band}"),
        ("Output of one replica at that rate", f"{short(c.output_tokens_per_s_at_target)} tokens/s", "modelled"),
        (f"TPOT at the peak, {percentile}", ms(c.tpot_ms), f"alone {ms(c.tpot_ms_alone)}"),
        (f"TTFT at the peak, {percentile}", ms(c.ttft_ms), f"alone {ms(c.ttft_ms_alone)}; predicted weakly"),
        ("GPU rent", f"{cents(c.usd_per_month)} {_code()}/month", price_words(c)),
        ("Per 1M output tokens", f"{four_digits(c.usd_per_mtok_output)} {_code()}", "rent at the mean load"),
        ("Per 1M tokens", f"{four_digits(c.usd_per_mtok)} {_code()}", "prompt and output, at the mean load"),
        (
            "Per 1M tokens, always full",
            f"{four_digits(c.usd_per_mtok_full_load)} {_code()}",
            "never reached in practice",
        ),
        ("Source of the price", c.price_source or NOT_KNOWN, f"price of {c.price_as_of}"),
    )
    return Table("The deployment", (Column("Figure"), Column("Value"), Column("Note")), lines)


def _code() -> str:
    return right(("", "USD"))[0].unit
