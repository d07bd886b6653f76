"""The export's own cost against list prices, all lines as one sentence."""

from __future__ import annotations

from planner.decision.log_values import Reconciliation
from planner.decision.present_catalog_row import percent_change
from planner.decision.present_tables import NOT_KNOWN
from planner.format import usd, usd_small

SMALL_USD = 0.1
AGREES = 0.0005
"""A difference that is 0.0% when rounded."""


def reconciled_sentence(found: Reconciliation) -> str:
    """Billed, computed and the difference, of the lines that have both; what has one side alone is told apart."""
    both = [line for line in found.lines if line.difference_usd is not None]
    billed = sum(line.billed_usd or 0.0 for line in both)
    computed = sum(line.computed_usd or 0.0 for line in both)
    share = f" ({percent_change((billed - computed) / computed)}%)" if computed else ""
    rest = _alone(found)
    if not both:
        return f"Nothing that the export bills has a list price here: the difference is {NOT_KNOWN}.{rest}"
    bounds = "" if all(line.exact for line in both) else ", at its lower bound"
    gap = abs(billed - computed)
    more = f"That is {_amount(gap)} {'more' if billed >= computed else 'less'} than the list{share}"
    difference = more if gap > AGREES * max(billed, computed) else f"The two agree{share}"
    return f"The export says {_amount(billed)}; list prices say {_amount(computed)}{bounds}. {difference}.{rest}"


def _alone(found: Reconciliation) -> str:
    """What is billed in a known currency and has no list price beside it."""
    alone = sum(line.billed_usd or 0.0 for line in found.lines if line.difference_usd is None)
    return f" Another {_amount(alone)} is billed for what has no price here." if alone else ""


def _amount(value: float) -> str:
    """Amounts below a tenth of a dollar with four digits: they are not nothing."""
    return usd_small(value) if 0 < abs(value) < SMALL_USD else usd(value)
