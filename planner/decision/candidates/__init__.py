"""Search over every deployment that the catalog can name: what meets a target, at what price, and why not the rest."""

from planner.decision.candidates.checks import request_problems
from planner.decision.candidates.find import find

__all__ = ["find", "request_problems"]
