"""The claims audit in words: verdicts, figures with their units, the table, and what a search finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from planner.catalog.claims import ClaimRow, ClaimVerdict
from planner.decision.claims import ClaimResult, Quantity
from planner.decision.present_tables import NONE, Column, Table
from planner.format import MINUS
from planner.units import round_half_up, round_significant

VERDICT_WORDS: dict[ClaimVerdict, str] = {
    "consistent": "✔ Consistent",
    "depends": "◐ Depends",
    "inconsistent": "✘ Inconsistent",
    "not_testable": "? Not testable",
}
"""A sign and a word for each, so that neither colour nor sign stands alone."""
VERDICT_MEANINGS: dict[ClaimVerdict, str] = {
    "consistent": "true in every case looked at",
    "depends": "true in some cases only",
    "inconsistent": "true in no case",
    "not_testable": "no cost model can check it",
}
UNITS = {
    "USD/Mtok": "USD per 1M tokens",
    "Mtok/day": "M tokens/day",
    "Mtok": "M tokens",
    "fraction": "a share, 0 to 1",
    "fraction/year": "a share a year",
    "M users": "M users a month",
    "FLOP": "operations",
}
"""Units of the table in the words of the other pages; the rest are said as they are."""
YES_NO = "1 = yes"
WHOLE_FROM = 1000


class Claim(NamedTuple):
    """A row of the audit, and what it comes to."""

    row: ClaimRow
    result: ClaimResult


def unit_words(unit: str) -> str:
    """A unit as a label says it: `USD per 1M tokens`."""
    return UNITS.get(unit, unit)


def input_label(label: str, unit: str) -> str:
    """Label of an input with its unit: `API price of input (USD per 1M tokens)`."""
    name = label[:1].upper() + label[1:]
    return f"{name}?" if unit == YES_NO else f"{name} ({unit_words(unit)})"


def figure(quantity: Quantity) -> str:
    """A figure without its unit: cents for money below 1,000, four significant digits, whole numbers from 1,000 up."""
    if quantity.value is None:
        return NONE
    if quantity.unit == YES_NO:
        return "yes" if quantity.value else "no"
    large = abs(quantity.value) >= WHOLE_FROM
    amount = abs(round_half_up(quantity.value, 0) if large else round_significant(quantity.value, 4))
    text = f"{amount:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if quantity.unit.startswith("USD") and not large:
        whole, _, cents = text.partition(".")
        text = f"{whole}.{cents:0<2}"
    return f"{MINUS}{text}" if quantity.value < 0 else text


def figure_with_unit(quantity: Quantity) -> str:
    """`node: 72.00 USD/day`, `volume: 8M tokens/day`."""
    if quantity.unit == YES_NO or quantity.value is None:
        return f"{quantity.label}: {figure(quantity)}"
    unit = unit_words(quantity.unit)
    space = "" if unit == "%" or unit.startswith(("M ", "B ")) else " "
    return f"{quantity.label}: {figure(quantity)}{space}{unit}"


def counts(claims: Sequence[Claim]) -> dict[ClaimVerdict, int]:
    """How many claims have each verdict, in the order in which verdicts are shown."""
    return {verdict: sum(claim.result.verdict == verdict for claim in claims) for verdict in VERDICT_WORDS}


def matching(
    claims: Sequence[Claim], *, verdicts: Collection[str] = (), articles: Collection[str] = (), text: str = ""
) -> tuple[Claim, ...]:
    """Claims with one of the verdicts, of one of the articles, that hold every word; what is empty asks nothing."""
    words = text.lower().split()
    return tuple(
        claim
        for claim in claims
        if (not verdicts or claim.result.verdict in verdicts)
        and (not articles or set(claim.row.articles) & set(articles))
        and all(word in _said(claim) for word in words)
    )


def _said(claim: Claim) -> str:
    row, result = claim
    figures = (f"{q.label} {unit_words(q.unit)}" for q in result.computed)
    names = (row.claim_id, row.formula, *row.articles, VERDICT_WORDS[result.verdict])
    return " ".join((*names, row.paraphrase, result.sentence, result.true_when, *figures)).lower()


def claim_rows(claims: Sequence[Claim]) -> Table:
    """One row per claim: who says it, the verdict, the figures and what makes it true."""
    names = ("Claim", "Said in", "Verdict", "Computed", "True when", "Formulas")
    return Table("Claims", tuple(Column(name) for name in names), tuple(_claim_row(claim) for claim in claims))


def _claim_row(claim: Claim) -> tuple[str, ...]:
    row, result = claim
    said = "" if result.sentence == result.true_when else f" {result.sentence}"
    return (
        f"{row.claim_id}. {row.paraphrase}",
        ", ".join(row.articles),
        f"{VERDICT_WORDS[result.verdict]}.{said}",
        "; ".join(figure_with_unit(q) for q in result.computed) or NONE,
        result.true_when,
        ", ".join(row.formula.split()) or NONE,
    )


def figure_rows(stated: ClaimResult, now: ClaimResult) -> Table:
    """The figures of one claim, as stated and with the reader's inputs; one column while both are the same."""
    edited = now.computed != stated.computed
    head = "With your figures" if edited else "Value"
    columns = [Column("Figure"), Column(head, align="right"), Column("Unit")]
    before: Sequence[Quantity] = stated.computed if edited and len(stated.computed) == len(now.computed) else ()
    if before:
        columns.insert(1, Column("As stated", align="right"))
    rows = []
    for place, quantity in enumerate(now.computed):
        unit = "" if quantity.unit == YES_NO else unit_words(quantity.unit)
        rows.append((quantity.label, *(figure(q) for q in before[place : place + 1]), figure(quantity), unit))
    return Table(f"Figures of {now.claim_id}", tuple(columns), tuple(rows))
