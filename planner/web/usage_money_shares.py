"""Who pays for a log: its bill by team, project, key or person, to the cent."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from planner.decision import present_usage as words
from planner.decision.log_fleet import NoBill
from planner.decision.log_price import EmptyLog
from planner.decision.showback import UNNAMED, Basis, Showback, ShowbackRow
from planner.domain.currency import written_in
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.usage import UsageProfile
from planner.format import count
from planner.report.usage_csv import showback_csv
from planner.web.answer import show_table
from planner.web.state import draft, today
from planner.web.text import md, small
from planner.web.usage_desk import close_import
from planner.web.usage_money_ask import asked_before, choice, keep, key_of, said
from planner.web.usage_money_bill import AS_IT_WAS, BILLED, Sharing, payable, shared, states_all
from planner.web.usage_money_cost import csv_button, say_currency, sentences
from planner.web.usage_money_log import Asked, kept_log, rollup_of
from planner.web.usage_money_names import for_page
from planner.web.usage_words import file_stem, period

BASIS: dict[Basis, str] = {
    "weighted": "spread over the owners as the rest is",
    "usage": "left with nobody: owners pay what they used",
    "allocation": "left with nobody: owners pay what was set aside for them",
}
MOST_ROWS = 100
MOST_SET_ASIDE = 12
IN_A_ROW = 3


def shares_panel(profile: UsageProfile) -> None:
    """All of it, or how to import a log with its owners."""
    kept = kept_log(profile)
    if kept is None:
        return
    owners = rollup_of(kept).labels["owner"].names
    if not any(owners):
        _without_owners()
        return
    asked, scenario = asked_before(profile, kept), draft().scenario
    try:
        how = _ask(profile, asked, scenario, owners)
        found = shared(asked, how, scenario, today(), profile)
    except (EmptyLog, NoBill, ValueError) as error:
        st.warning(md(for_page(str(error))), icon="⚠️")
        return
    with written_in(scenario.currency):
        say_currency(scenario.currency)
        sentences((*words.showback_sentences(found), f"The log: {period(profile)}."))
        show_table(words.showback_rows(shortened(found)))
    _check(found, in_dollars=scenario.currency is None)
    csv_button("Who pays as CSV", showback_csv(found), f"{file_stem(profile)}-showback.csv", "money-csv-shares")


def _without_owners() -> None:
    st.info(
        "This log was imported without owners. Import it again: under “How to read it”, “Keep who asked, for showback” "
        "takes teams, projects, API keys or people, as far as the export names them. Keys and people are kept as a "
        "hash.",
        icon="ℹ️",
    )
    st.button("Import it again", key="money-again", on_click=close_import)


def _ask(profile: UsageProfile, asked: Asked, scenario: Scenario, owners: tuple[str, ...]) -> Sharing:
    """Which bill, and what becomes of its idle and shared parts."""
    options = {option.option_id: option for option in scenario.options if payable(option)}
    labels = {AS_IT_WAS: "as it was: each model at its own list price"}
    if states_all(asked):
        labels[BILLED] = "what the export itself states"
    labels |= {option_id: option.label for option_id, option in options.items()}
    left, right = st.columns(2)
    with left:
        of = choice("The bill is", list(labels), profile, "bill-of", words=labels.__getitem__)
    fleet = isinstance(options.get(of), SelfHosted)
    with right:
        bases = [basis for basis in BASIS if fleet or basis != "allocation"]
        chosen = choice("What is idle or shared is", bases, profile, "basis", words=_basis_words)
    basis = next(known for known in BASIS if known == chosen)
    bill = "" if of == BILLED else _ask_bill(profile)
    requested = _ask_shares(profile, owners) if basis == "allocation" else ()
    return Sharing(of, basis, bill, requested)


def _basis_words(basis: str) -> str:
    return next(words for known, words in BASIS.items() if known == basis)


def _ask_bill(profile: UsageProfile) -> str:
    amount = st.number_input(
        "Billed for the days of the log (USD)",
        min_value=0.0,
        max_value=1e12,
        value=said(profile).get("bill"),
        step=100.0,
        format="%.2f",
        placeholder="as computed",
        key=key_of(profile, "bill"),
        on_change=keep,
        args=(profile, "bill"),
        help="The invoice, when you have it. What it has above the price of the tokens is shared.",
    )
    return "" if amount is None else str(Decimal(repr(amount)))


def _ask_shares(profile: UsageProfile, owners: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Per cent of the fleet by owner. ValueError when they are more than all of it, or nothing is set aside."""
    if len(owners) > MOST_SET_ASIDE:
        raise ValueError(
            f"The log has {count(len(owners))} owners, too many to type in here. `planner usage showback --requested` "
            "takes them all."
        )
    st.markdown("**Set aside for each owner**, % of the fleet:")
    found: dict[str, float] = {}
    for start in range(0, len(owners), IN_A_ROW):
        for column, owner in zip(st.columns(IN_A_ROW), owners[start : start + IN_A_ROW], strict=False):
            with column:
                found[owner] = _share(profile, owner) / 100
    total = sum(found.values())
    if total > 1:
        raise ValueError(f"The shares set aside add up to {total:.0%} of the fleet; at most 100% is there.")
    if not total:
        raise ValueError("Say what was set aside for each owner, or choose another way for idle capacity.")
    return tuple(found.items())


def _share(profile: UsageProfile, owner: str) -> float:
    name = f"share-{owner}"
    value: float = st.number_input(
        f"{md(owner or UNNAMED)} (%)",
        min_value=0.0,
        max_value=100.0,
        value=said(profile).get(name, 0.0),
        key=key_of(profile, name),
        on_change=keep,
        args=(profile, name),
    )
    return value


def shortened(found: Showback) -> Showback:
    """The highest rows; the others as one, so that the table still adds up."""
    if len(found.rows) <= MOST_ROWS:
        return found
    shown_rows, rest = found.rows[: MOST_ROWS - 1], found.rows[MOST_ROWS - 1 :]
    nobody = tuple(row for row in rest if not row.attributed)
    others = tuple(row for row in rest if row.attributed)
    parts = ("used_usd", "idle_usd", "shared_usd")
    one = ShowbackRow.model_validate(
        {"owner": f"{count(len(others))} others: see the CSV"}
        | {part: sum((getattr(row, part) for row in others), Decimal(0)) for part in parts}
    )
    return found.model_copy(update={"rows": (*shown_rows, one, *nobody)})


def _check(found: Showback, *, in_dollars: bool) -> None:
    """The sums as they are, in US dollars: other currencies are rounded row by row."""
    used, idle, common = (found.total(part) for part in ("used_usd", "idle_usd", "shared_usd"))
    total = found.total("total_usd")
    line = (
        f"Check: used {used:,.2f} + idle {idle:,.2f} + shared {common:,.2f} = {total:,.2f} USD over all rows; the bill "
        f"is {found.bill_usd:,.2f} USD."
    )
    if total != found.bill_usd or used + idle + common != total:
        st.error(md(f"{line} They differ."), icon="⚠️")
        return
    other = "" if in_dollars else " Rows in another currency are rounded one by one."
    st.markdown(small(md(f"{line} They are equal to the cent.{other}")))
