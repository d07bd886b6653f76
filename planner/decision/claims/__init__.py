"""The claims audit: every published claim of `data/claims.csv` computed again, with the functions of the planner."""

from planner.decision.claims.evaluate import evaluate_claim, evaluate_claims
from planner.decision.claims.finding import ClaimResult, Quantity

__all__ = ["ClaimResult", "Quantity", "evaluate_claim", "evaluate_claims"]
