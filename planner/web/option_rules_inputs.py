"""What every option has: its quality, how it counts tokens, what it can read and what it may be used for."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from planner.domain.options import Option
from planner.domain.workload import Modality
from planner.web import fields
from planner.web.editing import value_at, widget_key, write_back
from planner.web.field_info import help_of
from planner.web.forms import Line, Words, form, in_words, section
from planner.web.soft_inputs import score_inputs
from planner.web.state import PathKey

LICENCE: Words = {
    None: "as its terms and your organisation say",
    True: "yes, I hold one that covers it",
    False: "no",
}
RULES = (
    Line("quality_score", "Your quality score (0 to 100; empty = not judged)"),
    Line("success_fraction", "Usable answers (share; others are retried)", 0.01),
    Line("input_token_ratio", "Prompt tokens per token of the workload (ratio)", 0.05),
    Line("output_token_ratio", "Output tokens per token of the workload (ratio)", 0.05),
    Line("licence_allows", "The licence allows this use", words=LICENCE),
)
PRIVATE = {None: "only when self-hosted", True: "yes", False: "no"}


def rules_inputs(path: PathKey, option: Option) -> None:
    """The fields of `BaseOption`, folded."""
    with section("Quality, tokens and permissions", path, "rules") as is_open:
        if is_open:
            form(path, RULES)
            reads_inputs("What it can read", (*path, "modalities"), none="as its model")
            private = (*path, "private_allowed")
            fields.choice(
                "May serve private classes", private, list(PRIVATE), show=lambda value: in_words(PRIVATE, value)
            )
            score_inputs(path, option)


def reads_inputs(label: str, path: PathKey, none: str = "") -> None:
    """Some modalities; where `none` says what that means, none chosen leaves the field empty."""
    offered = get_args(Modality)
    st.multiselect(
        label,
        offered,
        default=list(value_at(path) or ()),
        key=widget_key(path),
        placeholder=none or None,
        help=help_of(path, None),
        on_change=write_back,
        args=(path, lambda chosen: tuple(name for name in offered if name in chosen) or (None if none else ())),
    )
    fields.problem(path)
