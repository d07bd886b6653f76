"""Adding a contracted price: what was negotiated, for what, by whom and why. For operators; everybody sees the list."""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import Any

import streamlit as st
from pydantic import ValidationError

from planner.catalog.catalog import local_folder
from planner.catalog.gpu_offers import current
from planner.catalog.rows import ContractedPriceRow, context
from planner.catalog.tables import CatalogError
from planner.decision.catalog_columns import name_of
from planner.refresh.append import append_rows
from planner.refresh.errors import RefreshError
from planner.web.contract_problems import LABELS, problems_of, problems_with
from planner.web.state import catalog, today
from planner.web.text import md

OPERATOR = "PLANNER_OPERATOR"
API, GPU = "A model, per token", "A GPU offer, per hour"
HINTS = {
    "cached_input_usd_per_mtok": "Blank: the list's share",
    "owner": "Who answers for it",
    "reason": "Contract number, quote, day of the mail",
    "effective_from": "YYYY-MM-DD",
    "effective_to": "YYYY-MM-DD; blank: until a newer row",
}
TOKEN_PRICES = ("input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok")
TOLD, WRONG, BACK = "contract-added", "contract-problems", "contract-back"


def is_operator() -> bool:
    """Whether whoever runs this server lets its visitors change the catalog."""
    return os.environ.get(OPERATOR) == "1"


def contract_form() -> None:
    """The form, or how to be allowed it."""
    if (told := st.session_state.pop(TOLD, None)) is not None:
        st.success(md(told), icon="✅")
    with st.expander("Add a contracted price", key="contract-form", on_change="rerun") as box:
        if box.open:
            _form() if is_operator() else _how_to()


def _how_to() -> None:
    st.info(
        f"Adding contracted prices is for operators. Start the server with {md(OPERATOR)}=1, or add rows to "
        "contracted\\_prices.csv in the folder that PLANNER\\_CATALOG names, and restart.",
        icon="ℹ️",
    )


def _form() -> None:
    """Not an st.form: the models to choose from depend on the provider."""
    kind = st.radio("What it is for", [API, GPU], key="contract-kind", horizontal=True)
    _api_subject() if kind == API else _gpu_subject()
    back = st.toggle(
        "Back to the list price",
        key=BACK,
        help="Ends a contract: a row without prices, from the day below on.",
    )
    if not back:
        _side_by_side(*(TOKEN_PRICES if kind == API else ("usd_per_gpu_hour",)))
    _side_by_side("owner", "reason")
    st.session_state.setdefault(_key("effective_from"), today().isoformat())
    _side_by_side("effective_from", "effective_to")
    st.button("Add this contract", key="contract-add", type="primary", on_click=_add)
    for problem in st.session_state.pop(WRONG, []):
        st.error(md(problem), icon="⚠️")


def _key(field: str) -> str:
    return f"contract-{field}"


def _api_subject() -> None:
    left, right = st.columns(2)
    with left:
        provider = st.selectbox(LABELS["provider"], catalog().providers(), key=_key("provider"))
    with right:
        st.selectbox(LABELS["model"], catalog().models(provider or ""), key=_model_key(provider))


def _model_key(provider: str | None) -> str:
    """One box for each provider: a browser would go on sending the model of the one before."""
    return f"{_key('model')}-{provider}"


def _gpu_subject() -> None:
    offers = {row.price_id: row for row in current(catalog().tables.gpu_prices, today())}
    st.selectbox(
        LABELS["gpu_price_id"],
        list(offers),
        format_func=lambda i: f"{name_of(offers[i], 'gpu_prices')}: {offers[i].usd_per_gpu_hour:g} USD",
        key=_key("gpu_price_id"),
    )


def _side_by_side(*fields: str) -> None:
    for column, field in zip(st.columns(len(fields)), fields, strict=True):
        with column:
            st.text_input(LABELS[field], key=_key(field), placeholder=HINTS.get(field, ""))


def _typed_in() -> dict[str, Any]:
    """What the form holds now. Read in the callback: what was typed last may come with the very click that adds it."""
    state = st.session_state
    subject = ("provider", "model") if state["contract-kind"] == API else ("gpu_price_id",)
    prices = TOKEN_PRICES if state["contract-kind"] == API else ("usd_per_gpu_hour",)
    wanted = (*subject, *(() if state[BACK] else prices), "owner", "reason", "effective_from", "effective_to")
    keys = {"model": _model_key(state.get(_key("provider")))}
    found = {field: state.get(keys.get(field, _key(field))) for field in wanted}
    return {field: value.strip() if isinstance(value, str) else value for field, value in found.items()}


def contract_of(cells: dict[str, Any], on: dt.date, taken: frozenset[str]) -> ContractedPriceRow:
    """The row of a form; raises ValidationError with everything that is wrong."""
    given = {name: value for name, value in cells.items() if value not in (None, "")}
    about = given.get("gpu_price_id") or f"{given.get('provider', '')}-{given.get('model', '')}"
    row = {"contract_id": contract_id(about, on, taken), "as_of": on.isoformat()} | given
    return ContractedPriceRow.model_validate(row, context=context(on))


def contract_id(about: str, on: dt.date, taken: frozenset[str]) -> str:
    """An id that says what and when, and that no other contract has."""
    stem = re.sub(r"[^a-z0-9._-]+", "-", about.lower()).strip("-._")[:60] or "contract"
    first = f"{stem}-{on}"
    numbered = (f"{first}-{number}" for number in range(2, len(taken) + 3))
    return first if first not in taken else next(name for name in numbered if name not in taken)


def _add() -> None:
    """Write the row; what is wrong is said below the form after the rerun."""
    taken = frozenset(row.contract_id for row in catalog().tables.contracted)
    try:
        row = contract_of(_typed_in(), today(), taken)
        if not st.session_state[BACK] and row.input_usd_per_mtok is None and row.usd_per_gpu_hour is None:
            st.session_state[WRONG] = ["Give the contracted price, or turn on “Back to the list price”."]
            return
        if wrong := problems_with(row, catalog()):
            st.session_state[WRONG] = wrong
            return
        append_rows(local_folder(), ContractedPriceRow, [row])
    except ValidationError as error:
        st.session_state[WRONG] = problems_of(error)
    except CatalogError as error:
        st.session_state[WRONG] = tuple(map(str, error.problems))
    except RefreshError as error:
        st.session_state[WRONG] = (str(error),)
    else:
        catalog.clear()
        st.session_state[TOLD] = f"Added {row.contract_id}. New answers use it from {row.effective_from} on."
        for field in (*TOKEN_PRICES, "usd_per_gpu_hour", "reason"):
            st.session_state[_key(field)] = ""
