"""A scenario in another currency on the command line: text follows, JSON and the columns in dollars do not."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from planner.catalog.fx import fx_text
from planner.cli import main
from tests.builders import ON, WORKLOADS

DAY = ["--on", ON.isoformat()]
TOLD = "Shown in EUR at 0.895095 EUR per USD (ECB, 2026-10-30); computed in USD."


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """The first example with the lines that `planner catalog fx EUR` prints."""
    path = tmp_path / "plan.yaml"
    first = (WORKLOADS / "azure-conversation.yaml").read_text("utf-8")
    path.write_text(f"{first}\n{fx_text('EUR', ON)}\n", "utf-8")
    return str(path)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments, *DAY]) == 0
    return capsys.readouterr().out


def test_the_answer_is_in_euros_and_says_the_rate_once(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "evaluate", plan)
    assert " ".join(text.split()).count(TOLD) == 1
    answer = text.partition("Notes on the options")[0]  # notes and sources quote prices as they were stated
    assert "$" not in answer
    assert "(USD" not in answer
    assert "Per month (EUR/month)" in answer


def test_risk_is_in_euros_too(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "risk", plan, "--draws", "200")
    assert " ".join(text.split()).count(TOLD) == 1
    assert "$" not in text
    assert "(USD" not in text


def test_json_is_the_same_in_every_currency(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = str(WORKLOADS / "azure-conversation.yaml")
    with_currency = json.loads(shown(capsys, "evaluate", plan, "--format", "json"))
    assert with_currency == json.loads(shown(capsys, "evaluate", first, "--format", "json"))


def test_csv_has_the_rate_beside_the_dollars(plan: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["evaluate", plan, *DAY, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode("utf-8-sig"))))
    assert {(row["x_ShownCurrency"], row["x_ShownUnitsPerUsd"], row["x_ShownRateDate"]) for row in rows} == {
        ("EUR", "0.895095", "2026-10-30")
    }


def test_a_currency_without_a_rate_names_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = (WORKLOADS / "azure-conversation.yaml").read_text("utf-8")
    (tmp_path / "plan.yaml").write_text(f"{first}\ncurrency: {{code: CHF}}\n", "utf-8")
    assert main(["evaluate", str(tmp_path / "plan.yaml"), *DAY]) == 2
    assert re.search(r"currency: .* missing\. Copy what `planner catalog fx CHF` prints\.", capsys.readouterr().err)
