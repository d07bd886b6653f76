"""The glossary keeps up with the Capacity page: every head of its tables, every part of its charts, every figure."""

from __future__ import annotations

from collections.abc import Iterator

from planner.capacity.lookup import index_rows
from planner.capacity.replica_memory import Setup
from planner.catalog.catalog import load
from planner.charts.memory_bar import PARTS
from planner.decision.present_capacity import Names, metrics
from planner.decision.present_capacity_memory import memory as memory_of
from planner.decision.present_capacity_memory import memory_rows, way_rows
from planner.decision.present_capacity_sources import measured_rows, near_rows, source_evidence, source_rows
from planner.decision.present_capacity_tables import candidate_rows, deployment_rows, refused_rows, unpriced_rows
from planner.decision.present_capacity_trust import band_rows, constant_rows, error_rows
from planner.decision.present_tables import Table
from tests.docs.test_docs import glossary_terms
from tests.samples_capacity import ON, answer, candidate

NAMES = Names(load().tables)


def tables_of_the_page() -> Iterator[Table]:
    found, best, rows = answer(), candidate(), NAMES.tables
    yield candidate_rows(found, found.candidates, NAMES)
    yield deployment_rows(found, best, NAMES)
    yield refused_rows(found.refused)
    yield unpriced_rows(found, NAMES)
    yield measured_rows(near_rows(index_rows(rows), best, found.request, 10.0), NAMES)
    yield source_rows(())
    yield source_evidence((), ON)
    setup = Setup(rows.model_by_id["llama-3.3-70b"], rows.format_by_id["fp8"], rows.gpu_by_id["h100-sxm"], tp=2)
    yield memory_rows(memory_of(setup, 1800.0), 1800.0)
    yield way_rows(())
    yield error_rows("Errors", ())
    yield band_rows(())
    yield constant_rows(())


def test_every_word_of_the_capacity_page_is_in_the_glossary() -> None:
    words = {column.name for table in tables_of_the_page() for column in table.columns} | set(PARTS)
    words |= {metric.label for metric in metrics(answer(), candidate())}
    assert {word for word in words if word.lower() not in glossary_terms()} == set()
