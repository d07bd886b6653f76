"""From a row of the claims table to its figures and verdict, computed now."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from planner.catalog.claims import ClaimRow
from planner.catalog.tables import Tables
from planner.decision.claims import hardware, licences, money, savings, speed
from planner.decision.claims.finding import ClaimFunction, ClaimResult, Finding, Inputs, verdict_of

FUNCTIONS: dict[str, ClaimFunction] = {
    **money.FUNCTIONS,
    **savings.FUNCTIONS,
    **hardware.FUNCTIONS,
    **speed.FUNCTIONS,
    **licences.FUNCTIONS,
}
LARGEST_INPUT = 1e9
_UNDEFINED = Finding((), "With these inputs the figure is not defined: it would divide by zero.", ())


def evaluate_claim(row: ClaimRow, inputs: Inputs, tables: Tables) -> ClaimResult:
    """Figures and verdict of one claim; `inputs` replaces any of the row's figures by name.

    Raises ValueError when an input is not the row's, is below 0, not finite or above LARGEST_INPUT.
    """
    if not row.function:
        return ClaimResult(row.claim_id, (), "not_testable", row.true_when, row.true_when)
    values = {name: figure.value for name, figure in row.inputs.items()} | _checked(row, inputs)
    found = _computed(FUNCTIONS[row.function], values, tables)
    return ClaimResult(row.claim_id, found.computed, verdict_of(found.holds), found.sentence, row.true_when)


def evaluate_claims(rows: Iterable[ClaimRow], tables: Tables) -> tuple[ClaimResult, ...]:
    """All claims with their own inputs, in the order of the rows."""
    return tuple(evaluate_claim(row, {}, tables) for row in rows)


def _checked(row: ClaimRow, inputs: Inputs) -> dict[str, float]:
    if unknown := sorted(inputs.keys() - row.inputs.keys()):
        raise ValueError(f"{row.claim_id} has no input {unknown[0]!r}; it has: {', '.join(row.inputs) or 'none'}")
    for name, value in inputs.items():
        if not 0 <= value <= LARGEST_INPUT:  # also refuses NaN
            raise ValueError(f"{row.claim_id} {name}: {value} is not between 0 and {LARGEST_INPUT:,.0f}")
    return dict(inputs)


def _computed(function: ClaimFunction, values: Inputs, tables: Tables) -> Finding:
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            found = function(values, tables)
    except ArithmeticError:
        return _UNDEFINED
    finite = all(q.value is None or math.isfinite(q.value) for q in found.computed)
    return found if finite else _UNDEFINED
