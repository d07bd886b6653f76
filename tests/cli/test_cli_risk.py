"""`planner risk` and `planner sweep`: output, same seed, and one sentence for each mistake."""

import csv
import io
import json
from pathlib import Path

import pytest

from planner.cli import main

ROOT = Path(__file__).resolve().parents[2]
CONVERSATION = str(ROOT / "data" / "workloads" / "azure-conversation.yaml")
ON = ["--on", "2026-11-21"]
RISK = ["risk", CONVERSATION, *ON, "--draws", "500"]
SWEEP = ["sweep", CONVERSATION, *ON]


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_risk_prints_chances_values_and_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    out = run([*RISK, "--seed", "3"], capsys)
    for words in (
        "is the cheapest in",
        "500 draws with seed 3",
        "Everything at once (EVPI)",
        "Is measuring worth it?",
        "Ranges drawn from",
        "the scenario has none of its own",
    ):
        assert words in " ".join(out.split()), words


def test_the_same_seed_prints_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    first = run([*RISK, "--seed", "3", "--format", "json"], capsys)
    assert first == run([*RISK, "--seed", "3", "--format", "json"], capsys)
    assert first != run([*RISK, "--seed", "4", "--format", "json"], capsys)
    risk = json.loads(first)
    assert (risk["draws"], risk["seed"], risk["status"]) == (500, 3, "known")
    assert sum(option["win_probability"] for option in risk["options"]) == pytest.approx(1)


def test_sweep_prints_npv_and_winner_at_each_point(capsys: pytest.CaptureFixture[str]) -> None:
    out = run([*SWEEP, "--driver", "volume", "--from", "1", "--to", "100", "--points", "3"], capsys)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [float(row["volume"]) for row in rows] == pytest.approx([1, 10, 100])
    assert rows[0]["npv_usd[groq-gpt-oss-120b]"] == "147419.52"  # the answer itself
    assert (rows[0]["recommended"], rows[2]["recommended"]) == ("groq-gpt-oss-120b", "own-h100")


def test_sweep_by_a_second_driver(capsys: pytest.CaptureFixture[str]) -> None:
    out = run([*SWEEP, "--driver", "volume", "--points", "3", "--by", "gpu_price", "--format", "json"], capsys)
    found = json.loads(out)
    assert found["drivers"] == ["volume", "gpu_price"]
    assert len(found["values"]) == len(found["npv_usd"]) == len(found["recommended"]) == 15
    assert found["values"][0] == pytest.approx([0.1, 0.1])
    assert found["values"][-1] == pytest.approx([10, 10])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([*RISK, "--draws", "0"], "--draws 0"),
        ([*RISK, "--draws", "300000"], "200000"),
        ([*RISK, "--seed", "-1"], "--seed -1"),
        ([*SWEEP, "--driver", "volum"], "Did you mean volume?"),
        ([*SWEEP, "--driver", "weather"], "The drivers are"),
        ([*SWEEP, "--driver", "volume", "--from", "3", "--to", "1"], "swap"),
        ([*SWEEP, "--driver", "volume", "--from", "nan"], "finite"),
        ([*SWEEP, "--driver", "volume", "--from", "0"], "must be from"),
        ([*SWEEP, "--driver", "volume", "--points", "0"], "at least 1"),
        ([*SWEEP, "--driver", "volume", "--points", "999999"], "fewer"),
        ([*SWEEP, "--driver", "volume", "--by", "volume"], "twice"),
        (["sweep", "no-such-file.yaml", "--driver", "volume"], "no such file"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_2(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected in captured.err
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("planner: ")


def test_nothing_to_compare_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text(
        "schema_version: 1\nname: x\nworkload: {classes: [{class_id: a, requests_per_day: 4, fresh_input_tokens: 10,"
        " output_tokens: 1}]}\noptions: [{kind: api, option_id: b, label: B, provider: openai, model: gpt-7}]\n"
    )
    assert main(["risk", str(alone), *ON]) == 1
    assert "No option has a price" in capsys.readouterr().out
    assert main(["sweep", str(alone), *ON, "--driver", "volume", "--points", "2"]) == 1
    assert capsys.readouterr().out == "volume,npv_usd[b],recommended\n0.1,,\n10,,\n"
