"""Which saved scenarios rest on a row of the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.domain.evidence import Evidence
from planner.domain.facts import Facts
from planner.store.duck import Store, open_store
from tests.samples import sample_facts, sample_scenario

SCENARIO = sample_scenario()
ROW = "gpu_prices/runpod-h100-sxm-pod-on-demand"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "planner.duckdb") as opened:
        yield opened


def facts(row: str = "", note: str = "") -> Facts:
    """Facts whose first option rests on this row."""
    item = Evidence(label="price", value="3", unit="USD", origin="assumed", source="page", row=row, note=note)
    first, *rest = sample_facts().options
    return sample_facts().model_copy(update={"options": (first.model_copy(update={"evidence": (item,)}), *rest)})


def test_a_scenario_is_named_by_the_row_it_rests_on(store: Store) -> None:
    ref = store.save(SCENARIO, facts(ROW), "answer")
    store.save(SCENARIO, facts("gpu_prices/other"), "answer")
    assert [entry.scenario_id for entry in store.using(ROW)] == [ref.scenario_id]


@pytest.mark.parametrize("near", [ROW[:-1], f"{ROW}-2", ROW.upper(), "", "gpu_prices/%", "gpu_prices/_unpod"])
def test_only_the_whole_id_counts(store: Store, near: str) -> None:
    store.save(SCENARIO, facts(near), "answer")
    assert store.using(ROW) == ()


@pytest.mark.parametrize("note", [ROW, f'"row":"{ROW}"', f'\\"row\\":\\"{ROW}\\"', f'","row":"{ROW}'])
def test_a_note_that_looks_like_it_does_not_count(store: Store, note: str) -> None:
    store.save(SCENARIO, facts("", note), "answer")
    assert store.using(ROW) == ()


def test_the_newest_revision_counts_and_archived_scenarios_do_not(store: Store) -> None:
    first = store.save(SCENARIO, facts(ROW), "answer")
    store.save(SCENARIO, facts(), "answer", scenario_id=first.scenario_id, expected_revision=1)
    assert store.using(ROW) == ()
    second = store.save(SCENARIO, facts(ROW), "answer", scenario_id=first.scenario_id, expected_revision=2)
    (entry,) = store.using(ROW)
    assert (entry.revision, entry.archived, entry.saved_at.tzinfo is not None) == (3, False, True)
    store.archive(second.scenario_id, True)
    assert store.using(ROW) == ()


@given(st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_may_be_asked_for(store: Store, row: str) -> None:
    ref = store.save(SCENARIO, facts(row), "answer")
    assert ref.scenario_id in [entry.scenario_id for entry in store.using(row)]
