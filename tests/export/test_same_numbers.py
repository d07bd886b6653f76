"""The page, the CSV, the PDF and the JSON of one scenario show the same numbers."""

import csv
import datetime as dt
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from planner import export
from planner.catalog.catalog import load
from planner.decision import present
from planner.decision.evaluate import evaluate
from planner.decision.resolve import resolve
from planner.domain.document import parse_scenario
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.format import usd, usd_small
from planner.units import money

ROOT = Path(__file__).resolve().parents[2]
ON = dt.date(2026, 11, 21)
WORKLOADS = sorted((ROOT / "data" / "workloads").glob("*.yaml"))


def answered(path: Path) -> tuple[Scenario, Result]:
    scenario = parse_scenario(path.read_bytes(), name=path.name)
    return scenario, evaluate(scenario, load(), ON)


def pdf_words(scenario: Scenario, result: Result) -> str:
    facts, when = resolve(scenario, load(), ON), dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    pages = PdfReader(io.BytesIO(export.pdf(scenario, facts, result, when))).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.stem)
def test_csv_json_and_result_agree_to_the_cent(path: Path) -> None:
    scenario, result = answered(path)
    rows = list(csv.DictReader(io.StringIO(export.csv(scenario, result).decode("utf-8-sig"))))
    as_json = {option["option_id"]: option for option in json.loads(result.model_dump_json())["options"]}
    for option in result.options:
        costs = [Decimal(row["EffectiveCost (USD)"]) for row in rows if row["x_OptionId"] == option.option_id]
        assert option.tco_usd is not None
        assert sum(costs) == money(option.tco_usd)
        assert Decimal(as_json[option.option_id]["tco_usd"]) == money(option.tco_usd)


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.stem)
def test_pdf_shows_the_headline_metrics_and_totals(path: Path) -> None:
    scenario, result = answered(path)
    words = pdf_words(scenario, result).replace(" ", "")
    assert present.headline(scenario, result).replace(" ", "") in words
    for metric in present.metrics(scenario, result):
        assert metric.value.replace(" ", "") in words
    for option in result.options:
        assert option.tco_usd is not None
        assert option.npv_usd is not None
        assert f"{money(option.tco_usd):,}" in words
        assert f"{money(option.npv_usd):,}" in words


def test_page_shows_the_same_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "s.duckdb"))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    page = AppTest.from_file(str(ROOT / "planner" / "web" / "main.py"), default_timeout=30)
    page.context["url"] = "http://127.0.0.1:8501/"
    page.run()
    _, result = answered(ROOT / "data" / "workloads" / "azure-conversation.yaml")
    best = result.option(str(result.verdict.recommended_id))
    assert best.levelised_usd_per_month is not None
    assert best.usd_per_request is not None
    assert best.blended_usd_per_mtok is not None
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Cost per month"] == usd(best.levelised_usd_per_month)
    assert shown["Cost per request"] == usd_small(best.usd_per_request)
    assert shown["Cost per 1M tokens"] == usd_small(best.blended_usd_per_mtok)
