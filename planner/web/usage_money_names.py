"""Models of a log without a price: why, which offers are named like them, and a box to say which one it is."""

from __future__ import annotations

import re

import streamlit as st

from planner.catalog.log_names import offers_like
from planner.decision.log_values import LogPrice
from planner.decision.present_tables import Table
from planner.decision.present_usage import unpriced_rows
from planner.web.answer import show_table
from planner.web.state import catalog
from planner.web.text import md, small
from planner.web.usage_money_ask import offers
from planner.web.usage_money_log import Kept, rollup_of

MOST_NEAR = 4
NAME_UNKNOWN = "MODEL_UNKNOWN"
BOX = "“Say which offer a model is”"
PAGE_WORDS = (
    (re.compile(r"Say which offer it is: --model-map 'NAME=provider/model'\."), f"Say which offer it is under {BOX}."),
    (re.compile(r"`planner catalog list models --provider \S+` lists the(?:m| names)\."), f"{BOX} lists them."),
    (re.compile(r"`planner catalog list providers` lists them\."), f"{BOX} lists them."),
    (
        re.compile(r"([Oo])r price the whole log at the prices of one day(?: that has them)?: --on DATE\."),
        r"\1r choose one day for all prices, above.",
    ),
    (
        re.compile(r", with (?:--threshold \d+ ?)+ when the catalog has no such threshold\."),
        ": an import counts by every threshold that the catalog has.",
    ),
)
"""Ways out that are told for the command line, and how this page has them."""


def for_page(text: str) -> str:
    """A reason with the way out that this page has."""
    for pattern, words in PAGE_WORDS:
        text = pattern.sub(words, text)
    return text


def page_table(table: Table) -> Table:
    """The same in every cell."""
    return table._replace(rows=tuple(tuple(for_page(cell) for cell in row) for row in table.rows))


def names_panel(price: LogPrice, kept: Kept) -> None:
    """What has no price, and the box: open when there are names that the catalog does not know."""
    if price.unpriced:
        show_table(page_table(unpriced_rows(price)))
    unknown = list(dict.fromkeys(part.model for part in price.unpriced if part.reason.code == NAME_UNKNOWN))
    models = [name for name in rollup_of(kept).labels["model"].names if name]
    if not models:
        return
    with st.expander(BOX.strip("“”"), expanded=bool(unknown), key="money-names"):
        first = [name for name in models if name in unknown]
        _box([*first, *(name for name in models if name not in unknown)], first)
        for name, offer in offers().items():
            if name in models:
                _told(name, offer)


def _box(models: list[str], unknown: list[str]) -> None:
    model = st.selectbox("Model of the log", models, key="money-model")
    near = offers_like(model, catalog())[:MOST_NEAR] if model in unknown else ()
    if near:
        st.markdown(small("Offers that it may be:"))
        with st.container(horizontal=True):
            for offer in near:
                st.button(md(offer), key=f"money-near-{offer}", on_click=_take, args=(model, offer))
    left, right = st.columns(2)
    with left:
        provider = st.selectbox("Provider", catalog().providers(), key="money-provider")
    with right:
        offered = st.selectbox("Offer", catalog().models(provider or ""), key=f"money-offer-{provider}")
    st.button("Price it so", key="money-take", on_click=_take, args=(model, f"{provider}/{offered}"))


def _told(name: str, offer: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(small(f"You said: {md(name)} is {md(offer)}."))
        st.button("Take it back", key=f"money-forget-{name}", on_click=_forget, args=(name,))


def _take(model: str, offer: str) -> None:
    offers()[model] = offer


def _forget(model: str) -> None:
    offers().pop(model, None)
