"""The claims page: counts, a filter, one claim to change, and the table of all."""

from __future__ import annotations

import streamlit as st

from planner.catalog.claims import ARTICLES, ClaimInput, ClaimVerdict, load_claims
from planner.decision.claims import ClaimResult, evaluate_claim, evaluate_claims
from planner.decision.claims.evaluate import LARGEST_INPUT
from planner.decision.present_claims import (
    VERDICT_MEANINGS,
    VERDICT_WORDS,
    YES_NO,
    Claim,
    claim_rows,
    counts,
    figure_rows,
    input_label,
    matching,
)
from planner.format import plural
from planner.web.answer import show_table
from planner.web.state import catalog
from planner.web.tables import html_table
from planner.web.text import md, small

BANNERS = {"consistent": st.success, "depends": st.warning, "inconsistent": st.error, "not_testable": st.info}
INPUT_COLUMNS = 3
WIDE = "<style>.st-key-claim-table .planner-table table { min-width: 60rem; }</style>"
"""On a phone the table is moved sideways: six columns of sentences in 400 pixels would break every word."""
FILTER_KEYS = ("claims-verdicts", "claims-articles", "claims-search")


def audited() -> tuple[Claim, ...]:
    """Every claim with its own figures."""
    return _audited(catalog().version)


@st.cache_resource(max_entries=2)
def _audited(catalog_version: str) -> tuple[Claim, ...]:
    """Computed once for a catalog, which its version names."""
    rows = load_claims()
    return tuple(Claim(*pair) for pair in zip(rows, evaluate_claims(rows, catalog().tables), strict=True))


def show_counts() -> None:
    """How many claims hold."""
    found = counts(audited())
    with st.container(key="claim-counts"):
        for column, (verdict, number) in zip(st.columns(len(found)), found.items(), strict=True):
            with column:
                st.metric(VERDICT_WORDS[verdict], plural(number, "claim"))
                st.markdown(small(VERDICT_MEANINGS[verdict]))


def filtered() -> tuple[Claim, ...]:
    """The claims that the reader asks for."""
    verdicts, articles, search = st.columns(3)
    with verdicts:
        wanted = st.multiselect(
            "Verdict", list(VERDICT_WORDS), format_func=_verdict, key=FILTER_KEYS[0], placeholder="All verdicts"
        )
    with articles:
        named = st.multiselect(
            "Said in", list(ARTICLES.values()), format_func=_capital, key=FILTER_KEYS[1], placeholder="All articles"
        )
    with search:
        text = st.text_input("Search", key=FILTER_KEYS[2], placeholder="Number, words or formula, e.g. CAP-4")
    return matching(audited(), verdicts=wanted, articles=named, text=text)


def _verdict(verdict: ClaimVerdict) -> str:
    return VERDICT_WORDS[verdict]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _clear_filter() -> None:
    for key in FILTER_KEYS:
        st.session_state[key] = "" if key == FILTER_KEYS[2] else []


def show_none() -> None:
    """Nothing matches: say so, and the way out."""
    st.info("No claim matches. Take a filter away, or search for another word.", icon="ℹ️")
    st.button("Show all claims", key="claims-clear", on_click=_clear_filter)


def show_found(found: tuple[Claim, ...]) -> None:
    """One of the claims found, to be changed, and the table of them."""
    st.markdown(small(f"{len(found)} of {plural(len(audited()), 'claim')} shown."))
    one_claim(found)
    with st.container(key="claim-table"):
        st.html(WIDE + html_table(claim_rows(found)))


@st.fragment
def one_claim(found: tuple[Claim, ...]) -> None:
    """A claim whose inputs can be changed. A fragment: the table is not drawn again."""
    by_id = {claim.row.claim_id: claim for claim in found}
    with st.container(border=True, key="one-claim"):
        st.subheader("Change the figures of a claim")
        chosen = st.selectbox(
            "Claim", list(by_id), format_func=lambda i: f"{i}: {by_id[i].row.paraphrase}", key="claim-chosen"
        )
        claim = by_id[chosen]
        st.markdown(small(f"Said in: {md(', '.join(claim.row.articles))}."))
        inputs = _inputs(claim)
        now = evaluate_claim(claim.row, inputs, catalog().tables)
        _show_verdict(claim, now, edited=bool(inputs))
        if now.computed:
            show_table(figure_rows(claim.result, now))


def _show_verdict(claim: Claim, now: ClaimResult, *, edited: bool) -> None:
    word = VERDICT_WORDS[now.verdict]
    before = f" As stated: {VERDICT_WORDS[claim.result.verdict]}." if edited else ""
    BANNERS[now.verdict](f"**{word}{' with your figures' if edited else ''}.** {md(now.sentence)}{before}")
    if now.sentence != now.true_when:
        st.markdown(md(now.true_when))
    if claim.row.formula:
        st.markdown(small(f"Formulas: {', '.join(claim.row.formula.split())}. The page How to read explains them."))


def _edits() -> dict[str, dict[str, float]]:
    """Inputs that differ from the claim's own, by claim; kept while another claim is looked at."""
    edits: dict[str, dict[str, float]] = st.session_state.setdefault("claim-edits", {})
    return edits


def _key(claim_id: str, name: str) -> str:
    return f"claim-{claim_id}-{name.replace('_', '-')}"


def _inputs(claim: Claim) -> dict[str, float]:
    """A widget for each input; gives back those that were changed."""
    row, changed = claim.row, _edits().get(claim.row.claim_id, {})
    if not row.inputs:
        return {}
    names = list(row.inputs)
    for start in range(0, len(names), INPUT_COLUMNS):
        for column, name in zip(st.columns(INPUT_COLUMNS), names[start : start + INPUT_COLUMNS], strict=False):
            with column:
                _input(row.claim_id, name, row.inputs[name], changed.get(name, row.inputs[name].value))
    st.button(
        "Back to the claim's own figures",
        key=f"claim-reset-{row.claim_id}",
        disabled=not changed,
        on_click=_reset,
        args=(row.claim_id, row.inputs),
    )
    return changed


def _input(claim_id: str, name: str, stated: ClaimInput, value: float) -> None:
    label, key = input_label(stated.label, stated.unit), _key(claim_id, name)
    if key not in st.session_state:
        st.session_state[key] = bool(value) if stated.unit == YES_NO else value
    if stated.unit == YES_NO:
        st.checkbox(label, key=key, on_change=_changed, args=(claim_id, name, stated.value))
        return
    st.number_input(
        label,
        min_value=0.0,
        max_value=LARGEST_INPUT,
        step=_step(stated.value),
        format="%.10g",
        key=key,
        help=f"As stated: {stated.value:g}.",
        on_change=_changed,
        args=(claim_id, name, stated.value),
    )


def _step(value: float) -> float:
    """About a tenth of the figure, whole where the figure is: 100 for 2160, 1 for 5, 0.1 for 1.5, 0.01 for 0.34."""
    if value < 1:
        return 1.0 if value == 0 else 0.01
    tenth = 10.0 ** (len(str(int(value))) - 2)
    return max(tenth, 1.0) if value.is_integer() else tenth


def _changed(claim_id: str, name: str, stated: float) -> None:
    """Callback of an input: remember what differs from the claim."""
    value = float(st.session_state[_key(claim_id, name)])
    kept = {key: old for key, old in _edits().get(claim_id, {}).items() if key != name}
    _edits()[claim_id] = kept if value == stated else {**kept, name: value}


def _reset(claim_id: str, inputs: dict[str, ClaimInput]) -> None:
    _edits().pop(claim_id, None)
    for name, stated in inputs.items():
        st.session_state[_key(claim_id, name)] = bool(stated.value) if stated.unit == YES_NO else stated.value
