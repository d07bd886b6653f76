"""What every option has: its quality, how it counts tokens, what it can read and what it may be used for."""

from __future__ import annotations

from typing import get_args

from planner.domain.options import Option
from planner.domain.workload import Modality
from planner.web import fields
from planner.web.forms import Line, form, in_words, section, several
from planner.web.soft_inputs import score_inputs
from planner.web.state import PathKey

RULES = (
    Line("quality_score", "Your quality score (0 to 100; empty = not judged)"),
    Line("success_fraction", "Usable answers (share; others are retried)", 0.01),
    Line("input_token_ratio", "Prompt tokens per token of the workload (ratio)", 0.05),
    Line("output_token_ratio", "Output tokens per token of the workload (ratio)", 0.05),
    Line("licence_allows", "The licence allows this use"),
)
PRIVATE = {None: "only when self-hosted", True: "yes", False: "no"}


def rules_inputs(path: PathKey, option: Option) -> None:
    """The fields of `BaseOption`, folded."""
    with section("Quality, tokens and permissions", path, "rules") as is_open:
        if is_open:
            form(path, RULES)
            several("What it can read", (*path, "modalities"), get_args(Modality))
            private = (*path, "private_allowed")
            fields.choice(
                "May serve private classes", private, list(PRIVATE), show=lambda value: in_words(PRIVATE, value)
            )
            score_inputs(path, option)
