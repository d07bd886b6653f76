"""Re-pricing: what differs between two sets of facts, each figure once, and costs that add up."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.catalog import load
from planner.decision.evaluate import decide
from planner.decision.present_reprice import (
    NOTHING,
    line_rows,
    option_rows,
    part_rows,
    sentences,
    warning_rows,
)
from planner.decision.reprice import Line, Priced, Repricing, reprice
from planner.decision.resolve import resolve
from planner.domain.evidence import Evidence
from planner.domain.facts import Facts, PerTokenFacts
from planner.domain.scenario import Scenario
from tests.builders import ON, catalog, changed, listed, rented, requests, scenario, token_price, typed_api, workload
from tests.samples import blocked_facts

LABELS = ("input", "output", "GPU rental")
FIGURES = st.dictionaries(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(("USD", "USD per hour"))),
    st.tuples(st.sampled_from(("1", "2", "2.50", "a / b")), st.sampled_from(("2026-09-13", "2026-11-09"))),
)
TWO = scenario(typed_api(), rented("3"), work=workload(requests(20_000)))


def evidence(label: str, value: str, unit: str = "USD", as_of: str = "2026-09-13") -> Evidence:
    return Evidence(label=label, value=value, unit=unit, origin="published", source="price page", as_of=as_of)


def with_evidence(facts: Facts, *items: Evidence) -> Facts:
    """The same facts, the figures of the first option being these."""
    first, *rest = facts.options
    return facts.model_copy(update={"options": (first.model_copy(update={"evidence": items}), *rest)})


def priced(asked: Scenario = TWO, facts: Facts | None = None) -> Priced:
    pinned = facts or resolve(asked, catalog(), ON)
    return Priced(pinned, decide(asked, pinned))


def at_prices(input_usd: str, output_usd: str, gpu_usd: str, setup_hours: float = 0) -> Priced:
    """Two options at typed prices, as facts of the same two options."""
    api = typed_api(token_price(input_usd, output_usd))
    own = changed(rented(gpu_usd), operations={"setup_hours": setup_hours, "fte_fraction": 0.1})
    return priced(scenario(api, own, work=workload(requests(20_000))))


def differing(before: Facts, after: Facts) -> tuple[Line, ...]:
    """Only the lines: the answer plays no part in them."""
    result = priced().result
    return reprice(Priced(before, result), Priced(after, result)).lines


# Figures


@given(FIGURES)
def test_equal_facts_have_no_difference(figures: dict[tuple[str, str], tuple[str, str]]) -> None:
    items = [evidence(label, value, unit, day) for (label, unit), (value, day) in figures.items()]
    facts = with_evidence(priced().facts, *items)
    assert differing(facts, facts) == ()
    found = reprice(Priced(facts, decide(TWO, facts)), Priced(facts, decide(TWO, facts)))
    assert found.nothing
    assert sentences(found) == (NOTHING,)


@given(FIGURES, FIGURES)
def test_every_figure_that_differs_is_there_exactly_once(
    before: dict[tuple[str, str], tuple[str, str]], after: dict[tuple[str, str], tuple[str, str]]
) -> None:
    base = priced().facts
    own = {(item.label, item.unit) for option in base.options[1:] for item in option.evidence}
    assert not own & (before.keys() | after.keys())

    def facts(figures: dict[tuple[str, str], tuple[str, str]]) -> Facts:
        return with_evidence(base, *(evidence(k[0], v[0], k[1], v[1]) for k, v in figures.items()))

    lines = differing(facts(before), facts(after))
    named = [(line.figure.label, line.figure.unit) for line in lines]
    wanted = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert sorted(named) == sorted(wanted)
    for line in lines:
        key = (line.figure.label, line.figure.unit)
        assert line.before == (evidence(key[0], before[key][0], key[1], before[key][1]) if key in before else None)
        assert line.after == (evidence(key[0], after[key][0], key[1], after[key][1]) if key in after else None)


def test_the_four_kinds_of_lines_and_the_change() -> None:
    base = priced().facts
    before = with_evidence(base, evidence("a", "4"), evidence("b", "5"), evidence("c", "6"), evidence("d", "1,000"))
    after = with_evidence(
        base, evidence("a", "3"), evidence("b", "5", as_of="2026-11-20"), evidence("d", "1,000"), evidence("e", "7")
    )
    lines = {line.figure.label: line for line in differing(before, after)}
    assert {label: line.kind for label, line in lines.items()} == {
        "a": "changed",
        "b": "confirmed",
        "c": "removed",
        "e": "added",
    }
    assert lines["a"].change_fraction == -0.25  # 3 / 4 - 1
    assert lines["c"].change_fraction is None


@pytest.mark.parametrize(("before", "after"), [("a / b", "a / c"), ("0", "5"), ("1 / 2", "3")])
def test_what_is_not_one_number_or_was_nothing_has_no_percentage(before: str, after: str) -> None:
    base = priced().facts
    (line,) = differing(with_evidence(base, evidence("x", before)), with_evidence(base, evidence("x", after)))
    assert line.kind == "changed"
    assert line.change_fraction is None


def test_figures_of_one_label_are_compared_in_their_order() -> None:
    """An announced price comes after today's under the same name."""
    base = priced().facts
    before = with_evidence(base, evidence("in", "0.75"), evidence("in", "1.50"))
    after = with_evidence(base, evidence("in", "0.75"), evidence("in", "1.20"), evidence("in", "2"))
    values = [(line.before and line.before.value, line.after and line.after.value) for line in differing(before, after)]
    assert values == [("1.50", "1.20"), (None, "2")]


def test_the_same_figure_in_two_options_is_one_line() -> None:
    base = priced().facts
    both = base.model_copy(
        update={"options": tuple(o.model_copy(update={"evidence": (evidence("x", "1"),)}) for o in base.options)}
    )
    new = base.model_copy(
        update={"options": tuple(o.model_copy(update={"evidence": (evidence("x", "2"),)}) for o in base.options)}
    )
    assert len(differing(both, new)) == 1


def test_facts_of_other_options_are_refused() -> None:
    one = priced(scenario(typed_api()))
    with pytest.raises(ValueError, match="same options"):
        reprice(one, priced())


# Costs


PRICES = st.decimals(Decimal("0.01"), Decimal(50), places=2).map(str)


@given(PRICES, PRICES, PRICES, PRICES, st.integers(0, 400))
def test_the_changes_of_the_parts_add_up_to_the_change_of_the_total(
    input_usd: str, output_usd: str, gpu_then: str, gpu_now: str, setup_hours: int
) -> None:
    found = reprice(at_prices("3", "15", gpu_then), at_prices(input_usd, output_usd, gpu_now, setup_hours))
    for option in found.options:
        assert option.change_usd is not None
        assert option.before.tco_usd is not None
        moved = math.fsum(part.change_usd for part in option.parts)
        assert moved == pytest.approx(option.change_usd, abs=1e-6 * (1 + option.before.tco_usd))


def test_a_dearer_gpu_costs_its_hours_more() -> None:
    """730 h a month x 12 months x 1 USD more an hour on every GPU."""
    found = reprice(at_prices("3", "15", "3"), at_prices("3", "15", "4"))
    api, own = found.options
    assert own.after.fleet is not None
    assert own.change_usd == pytest.approx(own.after.fleet.gpus * 730 * 12)
    assert api.change_usd == 0
    assert [part.label for part in own.parts if part.change_usd] == ["GPUs"]
    assert [row[:2] for row in part_rows(found).rows] == [("Own GPU", p.label) for p in own.parts] + [
        ("Own GPU", "Total")
    ]


def test_the_recommendation_follows() -> None:
    cheap, dear = at_prices("0.01", "0.01", "3"), at_prices("50", "50", "3")
    found = reprice(cheap, dear)
    assert not found.same_recommendation
    assert "changes from API" in sentences(found)[1]
    assert "to Own GPU" in sentences(found)[1]
    states = {row[0]: row[-1] for row in option_rows(found).rows}
    assert states == {"API": "no longer recommended", "Own GPU": "recommended now"}


def test_an_option_that_is_blocked_now_has_its_reason_and_no_invented_cost() -> None:
    before = priced()
    blocked = before.facts.model_copy(update={"options": (blocked_facts("api"), before.facts.options[1])})
    found = reprice(before, priced(facts=blocked))
    api = found.options[0]
    assert (api.change_usd, api.parts) == (None, ())
    assert ("API", "new", "MODEL_UNKNOWN: No such model.") in warning_rows(found).rows
    row = next(row for row in option_rows(found).rows if row[0] == "API")
    assert (row[2], row[3]) == ("not known", "–")
    assert not found.nothing


# The catalog


def test_another_day_brings_an_announced_price_forward_and_the_table_names_it() -> None:
    """Gemini 3.8 Flash doubles on 2027-01-01: 0.75 / 3.75 becomes 1.50 / 7.50 per 1M tokens."""
    asked = scenario(listed("google", "gemini-3.8-flash"), horizon_months=1)
    found = reprice(priced(asked), priced(asked, resolve(asked, catalog(), dt.date(2027, 1, 1))))
    rows = {row[0]: row for row in line_rows(found).rows}
    assert rows["gemini-3.8-flash at google, output"][2:5] == ("3.75", "7.5", "+100.0")
    (option,) = found.options
    assert option.before.tco_usd is not None
    assert option.after.tco_usd == pytest.approx(2 * option.before.tco_usd)


def test_the_same_catalog_on_the_same_day_gives_no_difference() -> None:
    asked = scenario(listed("google", "gemini-3.8-flash"), rented("3"), work=workload(requests(5000)))
    found: Repricing = reprice(priced(asked), priced(asked, resolve(asked, load(), ON)))
    assert found.nothing
    assert isinstance(found.before.facts.options[0], PerTokenFacts)
