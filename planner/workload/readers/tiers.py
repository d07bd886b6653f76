"""Service tiers and long-context bands, in the project's words, from what each vendor writes."""

from __future__ import annotations

STANDARD = ("", "default", "auto", "standard", "message", "on_demand", "not_available", "none", "null")
"""What vendors write for the ordinary tier; any other name is kept, so that no price is taken for it by mistake."""
LONG_FROM = 200_000
"""Prompt size above which Anthropic counts a request to the long band."""


def tier(said: object, *, batch: bool = False) -> str:
    """standard, batch, flex, priority, or the vendor's own name for another tier."""
    name = str(said or "").strip().lower()
    return "batch" if batch else "standard" if name in STANDARD else name


def tier_sql(said: str, batch: str = "FALSE") -> str:
    """`tier` of a text that is never NULL; `batch` is a condition."""
    names = ", ".join(f"'{name}'" for name in STANDARD)
    return f"CASE WHEN {batch} THEN 'batch' WHEN LOWER({said}) IN ({names}) THEN 'standard' ELSE LOWER({said}) END"


def band(said: object) -> int | None:
    """Prompt size that stands for a band such as `0-200k`, `200k-1M`, `≤ 200k` or `> 200k`; None when it says none."""
    text = str(said or "").replace(" ", "").lower()
    if text.startswith((">200k", "200k-")):
        return LONG_FROM + 1
    return 0 if text.startswith(("≤200k", "<=200k", "0-200k", "<200k")) else None


def band_sql(said: str) -> str:
    """`band` of a text."""
    text = f"LOWER(REPLACE({said}, ' ', ''))"
    above = f"{text} LIKE '>200k%' OR {text} LIKE '200k-%'"
    below = " OR ".join(f"{text} LIKE '{start}200k%'" for start in ("≤", "<=", "0-", "<"))
    return f"CASE WHEN {above} THEN {LONG_FROM + 1} WHEN {below} THEN 0 END"
