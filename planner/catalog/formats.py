"""What is known of weight formats: what is left of a model's quality, and which GPUs run them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from planner.catalog.rows import FormatEvidenceRow, FormatRow, GpuRow
from planner.catalog.tables import Tables

LONG_CONTEXT_TOKENS = 32_768
"""Prompts from here on count as long: their measurements are shown apart."""


class Recovery(NamedTuple):
    """Share of a score that is left in a format, over everything published of it; the 16-bit model is 1."""

    low: float
    high: float
    results: int
    metrics: tuple[str, ...]
    warning: str


def recovery(format_id: str, tables: Tables) -> Recovery | None:
    """Least and most that is left on prompts of usual length, and a warning from long ones; None: nothing is known.

    Scores of different suites and models do not compare, so there is a range and no mean. A perplexity counts as
    16-bit perplexity / perplexity. A share above 1 is noise of the suite, not a gain.
    """
    scored = [row for row in tables.format_evidence if row.format_id == format_id and _shares(row)]
    usual = [row for row in scored if not _is_long(row)]
    shares = [share for row in usual for share in _shares(row)]
    if not shares:
        return None
    metrics = tuple(dict.fromkeys(row.quality_metric for row in usual))
    return Recovery(min(shares), max(shares), len(usual), metrics, long_context_warning(format_id, tables))


def long_context_warning(format_id: str, tables: Tables) -> str:
    """What long prompts do to a format, in words; empty when nothing is known and the format keeps 8 bits or more."""
    rows = [row for row in tables.format_evidence if row.format_id == format_id and _is_long(row)]
    worst = min((share for row in rows for share in _shares(row)), default=None)
    if worst is not None:
        tokens = max(row.context_tokens or 0 for row in rows)
        return f"On prompts of {tokens:,} tokens up to {1 - worst:.1%} of a score was lost: measure your own."
    found = tables.format_by_id.get(format_id)
    if found is None or found.bits_per_weight >= 8:
        return ""
    worst_of_all = min((s for row in tables.format_evidence if _is_long(row) for s in _shares(row)), default=1.0)
    lost = f", where another format lost up to {1 - worst_of_all:.0%}" if worst_of_all < 1 else ""
    return f"Nothing is published of it on long prompts{lost}: measure your own."


def runs_on(number_format: FormatRow, gpu: GpuRow) -> bool:
    """Whether an engine is known to run the format on this GPU's architecture."""
    return gpu.architecture in number_format.architectures


def format_warnings(number_format: FormatRow, gpu: GpuRow) -> tuple[str, ...]:
    """What to check before a GPU is taken for a format that no engine is known to run on it."""
    if runs_on(number_format, gpu):
        return ()
    known = number_format.runs_on.replace(";", ", ")
    found = f"No engine is known to run {number_format.name} on {gpu.name} ({gpu.architecture}); it runs on {known}."
    return (f"{found} Check yours, or choose another format.",)


def _is_long(row: FormatEvidenceRow) -> bool:
    return (row.context_tokens or 0) >= LONG_CONTEXT_TOKENS


def _shares(row: FormatEvidenceRow) -> list[float]:
    ends: Iterable[float | None] = (row.recovery_low_fraction, row.recovery_high_fraction)
    return [share for share in ends if share is not None]
