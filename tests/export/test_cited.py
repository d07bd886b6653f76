"""A measurement is cited wherever its figure goes: screen, PDF, CSV, JSON, link and saved revision."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

from pypdf import PdfReader

from planner import export
from planner.decision import present
from planner.decision.evaluate import decide
from planner.decision.probe_apply import applied, removed
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.domain.document import dump_yaml, parse_scenario
from planner.domain.options import HybridOption
from planner.domain.scenario import Scenario
from planner.store.duck import open_store
from planner.store.link import decode, encode
from tests.builders import (
    ON,
    answer,
    catalog,
    changed,
    rented,
    requests,
    scenario,
    tables,
    token_price,
    typed_api,
    workload,
)
from tests.decision.probe_samples import ID, RISING, measured

CITATION = f"probe {ID}, vLLM 0.32.0, 1 x NVIDIA H100 SXM, 2026-11-22"
SOURCE = f"probe {ID} of vLLM 0.32.0 on 1 x NVIDIA H100 SXM"
DOUBT = "is a lower bound"


def plain() -> Scenario:
    option = rented("3", throughput=None)
    return scenario(typed_api(token_price("0.2", "0.8")), option, work=workload(requests(8_640_000, 1000, 200)))


def with_measurement() -> Scenario:
    """Of a server whose throughput still rose: it has a doubt."""
    return applied(plain(), "own", measured(RISING), tables())


def test_screen_and_json_cite_it_with_its_doubts() -> None:
    question, result = with_measurement(), answer(with_measurement())
    sources = present.evidence_rows(result)
    place = {head: k for k, head in enumerate(sources.heads)}
    (row,) = (row for row in sources.rows if "throughput of one replica" in row[0])
    assert (row[place["Source"]], row[place["As of"]], row[place["Origin"]]) == (SOURCE, "2026-11-22", "measured")
    assert any(DOUBT in note for _, note in present.note_rows(result).rows)
    assert any(CITATION in metric.note for metric in present.metrics(question, result))
    assert SOURCE in result.model_dump_json()
    ranges = assess(question, resolve(question, catalog(), ON), draws=200).ranges
    assert any(CITATION in used.source for used in ranges)


def test_every_row_of_the_csv_cites_it() -> None:
    both = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    question = changed(with_measurement(), options=(*with_measurement().options, both))
    rows = list(csv.DictReader(io.StringIO(export.csv(question, answer(question)).decode("utf-8-sig"))))
    assert {row["x_Measurement"] for row in rows if row["x_OptionId"] in ("own", "both")} == {CITATION}
    assert {row["x_Measurement"] for row in rows if row["x_OptionId"] == "api"} == {""}
    assert all(DOUBT in row["x_MeasurementDoubts"] for row in rows if row["x_OptionId"] in ("own", "both"))
    assert {row["x_MeasurementDoubts"] for row in rows if row["x_OptionId"] == "api"} == {""}


def test_a_figure_from_elsewhere_cites_no_measurement() -> None:
    question = changed(with_measurement(), options=(with_measurement().options[0], modelled()))
    rows = list(csv.DictReader(io.StringIO(export.csv(question, answer(question)).decode("utf-8-sig"))))
    assert {row["x_Measurement"] for row in rows} == {""}


def modelled() -> object:
    """The measured option, told to use the model all the same."""
    return changed(with_measurement().options[1], throughput_source="modelled")


def test_the_pdf_cites_it_with_its_doubts() -> None:
    question, when = with_measurement(), dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    facts = resolve(question, catalog(), ON)
    pages = PdfReader(io.BytesIO(export.pdf(question, facts, decide(question, facts), when))).pages
    words = re.sub(r"\s+", "", " ".join(page.extract_text() for page in pages))
    assert ID in words
    assert "vLLM0.32.0" in words
    assert DOUBT.replace(" ", "") in words


def test_a_link_carries_it_and_gives_the_scenario_before_it_back() -> None:
    question = with_measurement()
    token = encode(question, resolve(question, catalog(), ON))
    linked, facts = decode(token)
    assert linked == question
    assert removed(linked, "own") == plain()
    assert any(item.source == SOURCE for found in facts.options for item in found.evidence)
    assert decide(linked, facts) == answer(question)


def test_a_saved_revision_carries_it(tmp_path: Path) -> None:
    question = with_measurement()
    with open_store(tmp_path / "s.duckdb") as store:
        ref = store.save(question, resolve(question, catalog(), ON), "answer")
        saved = store.load(ref.scenario_id, ref.revision)
    assert saved.scenario == question
    assert decide(saved.scenario, saved.facts) == answer(question)


def test_a_file_carries_it() -> None:
    question = with_measurement()
    assert parse_scenario(dump_yaml(question).encode(), name="x.yaml") == question
