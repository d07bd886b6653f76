"""The command line as a script calls it: output, errors on stderr, exit codes."""

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from planner.cli import main
from planner.domain.scenario import Scenario

ROOT = Path(__file__).resolve().parents[2]
CONVERSATION = str(ROOT / "data" / "workloads" / "azure-conversation.yaml")
ON = ["--on", "2026-11-21"]


def test_evaluate_prints_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", CONVERSATION, *ON]) == 0
    out = capsys.readouterr().out
    assert "Keep paying per token" in out
    assert "$4,727 a month" in " ".join(out.split())


def test_evaluate_prints_what_a_reviewer_should_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", CONVERSATION, *ON]) == 0
    said = " ".join(capsys.readouterr().out.partition("Notes on the options")[2].split())
    assert "Gemini 3.8 Flash API: An announced price change is in force by 2027-01-21: $0.75 / $3.75 to" in said


def test_json_is_the_result_with_money_rounded_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", CONVERSATION, *ON, "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)
    groq = next(option for option in result["options"] if option["option_id"] == "groq-gpt-oss-120b")
    assert groq["tco_usd"] == "169926.35"
    assert sum(Decimal(month["total_usd"]) for month in groq["months"]) == pytest.approx(Decimal("169926.35"), abs=1)


def test_csv_goes_to_standard_output_as_bytes(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["evaluate", CONVERSATION, *ON, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode("utf-8-sig"))))
    assert {row["x_OptionId"] for row in rows} >= {"groq-gpt-oss-120b", "own-h200"}


def test_report_writes_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pdf, table = tmp_path / "r.pdf", tmp_path / "r.csv"
    assert main(["report", CONVERSATION, *ON, "--pdf", str(pdf), "--csv", str(table)]) == 0
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "r.pdf" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "r.pdf"]


def test_all_mistakes_at_once_with_path_and_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "schema_version: 1\nname: x\nfoo: 3\nworkload: {classes: [{class_id: a, requests_per_day: -4,"
        " fresh_input_tokens: .nan, output_tokens: 1}]}\noptions: [{kind: api, option_id: b, label: B,"
        " provider: openai, modle: gpt-6-sol}]\n"
    )
    assert main(["evaluate", str(bad)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    for expected in ("foo", "classes[a].requests_per_day", "fresh_input_tokens", "options[b].model", "modle"):
        assert expected in captured.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["evaluate", "no-such-file.yaml"], "no such file"),
        (["report", CONVERSATION], "--pdf"),
        (["report", CONVERSATION, "--pdf", "/no/such/folder/r.pdf"], "no such file or directory"),
        (["catalog", "list", "models"], "--provider"),
        (["catalog", "list", "models", "--provider", "nobody"], "nobody"),
        (["catalog", "list", "gpu-prices", "--provider", "RunPodd"], "Did you mean RunPod"),
        (["catalog", "check", "--data", "/no/such/folder"], "there is no such folder"),
        (["catalog", "check", "--data", "data/gpus.csv"], "this is a file"),
        (["catalog", "check", "--local", "data/gpus.csv"], "this is a file"),
        (["catalog", "check", "--local", "/no/such/folder"], "leave --local out"),
        (["catalog", "show", "llama-3.3-70b"], "Did you mean models/llama-3.3-70b?"),
        (["catalog", "show", ""], "The tables are api_prices"),
        (["catalog", "import-model", "n" * 5000, "--total-params", "8B"], "file name too long. Give a config.json"),
        (["catalog", "import-model", "data", "--total-params", "8B"], "this is a folder"),
        (["serve", "--port", "70000"], "65535"),
    ],
)
def test_wrong_input_is_named_and_exits_with_2(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("arguments", [["evaluate", CONVERSATION, "--on", "2026-13-01"], ["nonsense"], []])
def test_wrong_arguments_exit_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_scenario_of_10_mb_is_refused_by_its_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    big = tmp_path / "big.yaml"
    big.write_bytes(b"a: 1\n" * 2_000_000)
    assert main(["evaluate", str(big)]) == 2
    assert "10,000,000 bytes" in capsys.readouterr().err


def test_nothing_priced_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "blocked.yaml"
    blocked.write_text(
        "schema_version: 1\nname: x\nworkload: {classes: [{class_id: a, requests_per_day: 4, fresh_input_tokens: 10,"
        " output_tokens: 1}]}\noptions: [{kind: api, option_id: b, label: B, provider: openai, model: gpt-7}]\n"
    )
    assert main(["evaluate", str(blocked), *ON]) == 1
    assert "MODEL_UNKNOWN" in capsys.readouterr().out


def test_schema_is_that_of_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema == Scenario.model_json_schema()
    assert main(["schema", "--result"]) == 0
    assert "break_evens" in json.loads(capsys.readouterr().out)["properties"]


def test_every_field_of_the_schema_has_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    main(["schema"])
    schema = json.loads(capsys.readouterr().out)
    objects = [schema, *schema["$defs"].values()]
    missing = [name for o in objects for name, field in o.get("properties", {}).items() if not field.get("description")]
    assert missing == []


def test_catalog_check_passes_on_what_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "check"]) == 0
    assert "every row is good" in capsys.readouterr().out


def test_python_m_planner_reads_standard_input() -> None:
    with Path(CONVERSATION).open("rb") as scenario:
        done = subprocess.run(
            [sys.executable, "-m", "planner", "evaluate", "-", *ON],
            stdin=scenario,
            capture_output=True,
            check=False,
            cwd=Path.home(),
        )
    assert done.returncode == 0, done.stderr.decode()
    assert b"Keep paying per token" in done.stdout
