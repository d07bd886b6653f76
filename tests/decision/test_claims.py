"""The claims audit: every row of data/claims.csv, computed again with the planner's own functions."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.catalog import DATA_DIR, load
from planner.catalog.claims import ARTICLES, ClaimRow, load_claims
from planner.catalog.tables import CatalogError, Tables
from planner.decision.claims import evaluate_claim, evaluate_claims
from planner.decision.claims.evaluate import FUNCTIONS, LARGEST_INPUT
from planner.decision.claims.finding import verdict_of
from planner.decision.claims.speed import accepted_tokens, latency_gain, saturated_gain

TABLES = load().tables
CLAIMS = {row.claim_id: row for row in load_claims()}
COMPUTED = [row for row in CLAIMS.values() if row.function]


def test_all_claims_of_the_audit_are_there() -> None:
    assert list(CLAIMS) == [f"{part}{n}" for part, last in (("A", 21), ("B", 23), ("C", 7)) for n in range(1, last + 1)]
    assert {name for row in CLAIMS.values() for name in row.articles} == set(ARTICLES.values())


def test_every_function_answers_a_claim_and_every_claim_without_one_says_why() -> None:
    assert {row.function for row in COMPUTED} == set(FUNCTIONS)
    for row in CLAIMS.values():
        assert row.function or (row.expected_verdict == "not_testable" and not row.inputs and not row.expected)


@pytest.mark.parametrize("row", CLAIMS.values(), ids=CLAIMS)
def test_live_verdict_and_figures_are_those_of_the_audit(row: ClaimRow) -> None:
    found = evaluate_claim(row, {}, TABLES)
    assert found.verdict == row.expected_verdict
    assert [(q.label, q.unit) for q in found.computed] == [(k, figure.unit) for k, figure in row.expected.items()]
    for quantity, figure in zip(found.computed, row.expected.values(), strict=True):
        if figure.value is None:
            assert quantity.value is None
        else:
            assert quantity.value == pytest.approx(float(figure.value), abs=figure.half_last_digit * (1 + 1e-9), rel=0)
    assert found.sentence.endswith(".")
    assert (found.claim_id, found.true_when) == (row.claim_id, row.true_when)


FLIPS: dict[str, tuple[dict[str, float], str]] = {
    "A1": ({"claimed_input_usd_per_day": 4}, "depends"),
    "A2": ({"claimed_usd_per_month": 640}, "inconsistent"),
    "A3": ({"claimed_usd_per_month": 1500}, "inconsistent"),
    "A4": ({"usd_per_hour": 6}, "consistent"),  # $3 per GPU-hour covers all kinds
    "A5": ({"sequences": 60}, "consistent"),  # 4 x 434 tokens/s holds 10M a day at a peak of 8
    "A6": ({"claimed_usd_per_day": 72}, "consistent"),
    "A7": ({"assumed_mtok_per_day": 9}, "depends"),  # 8M a day at half output; never at the other mixes
    "A8": ({"claimed_crossings": 7}, "consistent"),
    "A9": ({"hours_per_day": 2}, "depends"),  # $1.60 and $6.00 against $2.50 to $10.00
    "A10": ({"volume": 4}, "consistent"),  # $10 to $40
    "A11": ({"hours_per_day": 1.6}, "consistent"),  # $4.80
    "A12": ({"node_usd_per_day": 6, "claimed_usd_per_mtok": 5}, "consistent"),
    "A13": ({"hours_per_day": 0.14}, "depends"),  # $0.21 on a $1.50 GPU against $0.30
    "A14": ({"a100_usd_per_hour": 0.4}, "consistent"),
    "A15": ({"api_8b_usd_per_mtok": 0.07}, "depends"),  # 1 - 0.02 / 0.07 = 71 %
    "A16": ({"bound_mtok_per_day": 40}, "consistent"),
    "A17": ({"hours_per_day": 0.2}, "consistent"),  # $0.16 and $0.60 against $0.30
    "A18": ({f"self_{n}_usd_per_mtok": 0 for n in ("8b", "70b", "123b")}, "consistent"),
    "A19": ({"small_api_usd_per_mtok": 0.35}, "consistent"),
    "A20": ({"used_fraction": 0.9}, "consistent"),  # $8.00 against $9
    "A21": ({"gpu_decline_per_year": 0}, "consistent"),
    "B1": ({"claimed_small_b": 109, "claimed_large_b": 400}, "consistent"),
    "B2": ({"claimed_gpu_gib": 12}, "consistent"),
    "B3": ({"claimed_gpu_gib": 48}, "consistent"),
    "B4": ({"claimed_gpu_gib": 80}, "consistent"),
    "B5": ({"claimed_gpu_gib": 48}, "consistent"),
    "B6": ({"claimed_pct": 60}, "consistent"),
    "B8": ({"score_1": 85, "score_3": 92}, "consistent"),
    "B9": ({"gain_at_one_request": 5}, "consistent"),
    "B10": ({"acceptance_likely": 0.5, "acceptance_high": 0.5}, "inconsistent"),
    "B11": ({"users_high": 96}, "depends"),
    "B12": ({"minimal_loss_fraction": 0.5}, "consistent"),
    "B13": ({"memory_gib": 8}, "depends"),
    "B14": ({"training_mtok": 1000}, "depends"),  # 270 hours
    "B15": ({"answer_tokens": 3}, "consistent"),  # 50 ms + 2 x 20 ms
    "B16": ({"claimed_b": 671}, "consistent"),
    "B17": ({"cache_gib": 400}, "inconsistent"),
    "B19": ({"after_pct": 10}, "inconsistent"),
    "C1": ({"notice_duty": 0}, "consistent"),
    "C3": ({"claimed_m_users": 500}, "inconsistent"),
    "C4": ({"in_eu": 0}, "consistent"),
    "C5": ({"paid_licence": 1}, "consistent"),
    "C6": ({"large_m_users": 100}, "consistent"),  # strictly above 100M
    "C7": ({"large_m_users": 700, "in_eu": 0}, "consistent"),  # strictly above 700M
}


@pytest.mark.parametrize(("claim_id", "edit", "verdict"), [(k, *v) for k, v in FLIPS.items()], ids=FLIPS)
def test_an_edited_input_moves_the_verdict(claim_id: str, edit: dict[str, float], verdict: str) -> None:
    row = CLAIMS[claim_id]
    assert verdict != row.expected_verdict
    assert evaluate_claim(row, edit, TABLES).verdict == verdict


def test_every_verdict_that_figures_decide_has_an_edit_that_moves_it() -> None:
    decided = {row.claim_id for row in COMPUTED if row.expected_verdict != "not_testable"}
    assert decided - FLIPS.keys() == {"C2"}  # decided by the catalog alone, next test


def with_licence(licence_id: str, *ids: str) -> Tables:
    rows = {**TABLES.model_by_id}
    for model_id in ids:
        rows[model_id] = rows[model_id].model_copy(update={"licence_id": licence_id})
    return dataclasses.replace(TABLES, models=tuple(rows.values()))


def test_a_licence_of_the_catalog_moves_the_verdict() -> None:
    one = with_licence("apache-2.0", "whisper-large-v3")
    both = with_licence("apache-2.0", "whisper-large-v3", "mistral-large-2")
    assert [evaluate_claim(CLAIMS["C2"], {}, each).verdict for each in (one, both)] == ["depends", "consistent"]


def test_verdict_rule() -> None:
    assert [verdict_of(case) for case in ((True, True), (False,), (True, False), ())] == [
        "consistent",
        "inconsistent",
        "depends",
        "not_testable",
    ]


@given(data=st.data())
def test_any_edit_gives_a_verdict_and_finite_figures(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from([r for r in COMPUTED if r.inputs]))
    names = st.sampled_from(sorted(row.inputs))
    values = st.floats(0, 1e4) | st.integers(0, 100).map(float) | st.just(LARGEST_INPUT)
    found = evaluate_claim(row, data.draw(st.dictionaries(names, values, max_size=3)), TABLES)
    assert found.sentence.endswith(".")
    assert all(q.value is None or abs(q.value) < float("inf") for q in found.computed)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_an_impossible_input_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"A6 volume_mtok_per_day: .* is not between 0 and 1,000,000,000"):
        evaluate_claim(CLAIMS["A6"], {"volume_mtok_per_day": value}, TABLES)


def test_an_unknown_input_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="A2 has no input 'usd'; it has: usd_per_day, claimed_usd_per_month"):
        evaluate_claim(CLAIMS["A2"], {"usd": 1}, TABLES)


def test_no_volume_means_no_price_per_token() -> None:
    found = evaluate_claim(CLAIMS["A6"], {"volume_mtok_per_day": 0}, TABLES)
    assert (found.computed, found.verdict) == ((), "not_testable")
    assert found.sentence == "With these inputs the figure is not defined: it would divide by zero."


def test_all_at_once_in_order() -> None:
    assert [found.claim_id for found in evaluate_claims(CLAIMS.values(), TABLES)] == list(CLAIMS)


@given(acceptance=st.floats(0, 0.99), drafted=st.integers(1, 8), cost=st.floats(0, 1))
def test_speculation_is_a_sum_over_accepted_drafts_and_never_gains_when_saturated(
    acceptance: float, drafted: int, cost: float
) -> None:
    expected = sum(acceptance**k for k in range(drafted + 1))  # chance that the first k drafts are all accepted
    assert accepted_tokens(acceptance, drafted) == pytest.approx(expected)
    assert accepted_tokens(1, drafted) == drafted + 1
    assert saturated_gain(acceptance, drafted) <= 1 + 1e-12
    assert latency_gain(acceptance, drafted, cost) >= saturated_gain(acceptance, drafted) * (1 - 1e-12)


# --- the table


def spoilt(tmp_path: Path, **cells: str) -> Path:
    """The shipped table with cells of its first row replaced."""
    with (DATA_DIR / "claims.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    rows[0].update(cells)
    with (tmp_path / "claims.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("claim_id", "D1", "claims.csv:2 claim_id: "),
        ("claim_id", "A2", "claims.csv:3 claim_id: 'A2' is already used on line 2"),
        ("source_ref", "S4", "claims.csv:2 source_ref: "),
        ("paraphrase", "", "claims.csv:2 paraphrase: "),
        ("inputs", "{", "claims.csv:2 inputs: "),
        ("inputs", json.dumps({"a": {"value": -1, "unit": "x", "label": "y"}}), "claims.csv:2 inputs.a.value: "),
        ("expected", json.dumps({"a": {"value": "1"}}), "claims.csv:2 expected.a.unit: "),
        ("expected_verdict", "maybe", "claims.csv:2 expected_verdict: "),
        ("function", "a b", "claims.csv:2 function: "),
    ],
)
def test_a_bad_cell_is_named_with_file_line_and_column(tmp_path: Path, column: str, cell: str, said: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_claims(spoilt(tmp_path, **{column: cell}))
    assert [str(problem)[: len(said)] for problem in caught.value.problems] == [said]


def test_too_many_cells_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"claims\.csv: no such file"):
        load_claims(tmp_path)
    path = spoilt(tmp_path) / "claims.csv"
    text = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([text[0], text[1] + ",more"]) + "\n", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"claims\.csv:2: 10 cells where the header has 9"):
        load_claims(tmp_path)
