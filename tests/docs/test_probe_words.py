"""The glossary keeps up with measurements: every head of their tables and every name of a row, page and terminal."""

from __future__ import annotations

from collections.abc import Iterator

from planner.capacity.measurement.compare import differences
from planner.catalog.catalog import load
from planner.decision import present_probe, present_probe_effect, present_probe_plan
from planner.decision.present_tables import Table
from planner.decision.probe_effect import probe_effect
from planner.decision.probe_plan import probe_plan
from planner.web.probe_tables import detail_rows, kept_rows
from tests.decision.probe_samples import ON_A_CPU, measured
from tests.docs.test_docs import ON, first_example, glossary_terms

OPTION = "own-h200"
CATALOG = load()


def named_rows() -> Iterator[Table]:
    """Tables whose first column names the rows."""
    m, scenario = measured(declared=ON_A_CPU), first_example()
    m = m.model_copy(update={"declared": m.declared.model_copy(update={"model_id": "", "format_id": "", "note": "a"})})
    yield present_probe.about_rows(m)
    yield detail_rows(m)
    yield present_probe_plan.plan_rows(probe_plan(scenario, CATALOG, ON, OPTION, draws=100))
    effect = probe_effect(scenario, CATALOG, ON, OPTION, m, accept_without_gpu=True, draws=100)
    yield present_probe_effect.effect_rows(effect)


def other_tables() -> Iterator[Table]:
    m = measured()
    yield from (rows(m) for rows in (present_probe.level_rows, present_probe.run_rows, present_probe.flag_rows))
    yield present_probe.error_rows(m)
    yield present_probe.comparison_rows(differences(m, m))
    yield present_probe.difference_rows(differences(m, m))
    yield present_probe_plan.forecast_rows(probe_plan(first_example(), CATALOG, ON, OPTION, draws=100))
    yield kept_rows([m], CATALOG.tables)


def test_every_word_of_a_measurement_is_in_the_glossary() -> None:
    tables = [*named_rows(), *other_tables()]
    words = {column.name for table in tables for column in table.columns}
    words |= {row[0] for table in named_rows() for row in table.rows}
    assert {word for word in words if word.lower() not in glossary_terms()} == set()
