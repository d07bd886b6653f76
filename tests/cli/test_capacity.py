"""`planner capacity`: the whole command, from words to exit code."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pytest
import yaml

from planner.cli.main import main
from planner.domain.capacity import Found

LOAD = ["--requests-per-s", "5", "--input-tokens", "1500", "--output-tokens", "300", "--tpot-ms", "40"]
DAY = ["--on", "2026-11-21"]
SEARCH = ["capacity", "find", "--model", "llama-3.3-70b", "--format", "fp8", *LOAD, *DAY]
ONE = ["--model", "llama-3.3-70b", "--format", "fp8", "--gpu", "h100-sxm", *LOAD, *DAY]


def test_what_serves_llama_70b_at_5_requests_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SEARCH) == 0
    said = capsys.readouterr().out
    assert "5 requests/s at the peak, 1,500 tokens in, 300 out, P95 TPOT 40 ms" in said
    assert "The cheapest of " in said
    assert "Llama 3.3 70B in FP8 (W8A8) on " in said
    assert " a month" in said
    assert "rent of GPUs alone" in said


def test_json_is_the_whole_answer_and_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SEARCH, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["request"]["model_ids"] == ["llama-3.3-70b"]
    assert answer["candidates"][0]["pareto"] is True
    assert Found.model_validate(answer).meeting == answer["meeting"]


def test_csv_has_a_row_for_each_candidate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "candidates.csv"
    assert main([*SEARCH, "--json", "--most", "7", "--csv", str(out)]) == 0
    answer = json.loads(capsys.readouterr().out)
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert [row["price_id"] for row in rows] == [item["price_id"] for item in answer["candidates"]]
    assert rows[0]["usd_per_month"] == answer["candidates"][0]["usd_per_month"]
    assert rows[0]["on"] == "2026-11-21"


def test_a_csv_that_cannot_be_written_is_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*SEARCH, "--csv", str(tmp_path / "no" / "where.csv")]) == 2
    assert "Choose another" in capsys.readouterr().err


def test_an_impossible_target_says_what_can_be_reached(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SEARCH, "--tpot-ms", "0.5"]) == 1
    assert "The best reachable is" in capsys.readouterr().out.replace("\n", " ")


def test_everything_wrong_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ["capacity", "find", "--model", "llama-3.3-7b", "--gpu", "h10", "--provider", "AWZ", *LOAD]
    assert main([*wrong, "--percentile", "100", "--input-tokens=-4"]) == 2
    said = capsys.readouterr().err
    for piece in ("'llama-3.3-7b'", "llama-3.3-70b", "'h10'", "'AWZ'", "AWS", "--percentile 100", "--input-tokens -4"):
        assert piece in said


def test_show_gives_memory_curve_published_runs_and_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "show", *ONE, "--tp", "2"]) == 0
    said = capsys.readouterr().out
    assert "222,832 tokens of KV cache" in said
    for heading in ("Memory", "Modelled", "Published runs nearest to it", "Measured on your own server", "Command"):
        assert f"\n{heading}" in said
    assert "Layers                              63.8 GiB" in said
    assert "vllm serve meta-llama/Llama-3.3-70B-Instruct" in said


def test_what_does_not_fit_says_what_would(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "show", *ONE]) == 1
    said = capsys.readouterr().out
    assert "It does not fit. It would with:" in said
    assert "2 x NVIDIA H100 SXM instead of 1" in said


def test_flags_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "flags", *ONE, "--tp", "2", "--kv-bits", "8"]) == 0
    words = shlex.split(capsys.readouterr().out.replace("\\\n", " "))
    assert words[:3] == ["vllm", "serve", "meta-llama/Llama-3.3-70B-Instruct"]
    assert words[words.index("--kv-cache-dtype") + 1] == "fp8"


def test_the_manifest_parses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "manifest", *ONE, "--tp", "2", "--replicas", "3"]) == 0
    deployment, service = yaml.safe_load_all(capsys.readouterr().out)
    assert deployment["spec"]["replicas"] == 3
    assert service["kind"] == "Service"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--tp", "3"], "cannot share Llama 3.3 70B"),
        (["--tp", "0"], "--tp 0: give 1 to 64"),
        (["--gpu", "l4"], "--gpu is given more than once"),
        (["--max-model-len", "1000"], "shorter than a mean request"),
        (["--tp", "8", "--pp", "2"], "16 GPUs spans machines"),
        (["--tp", "2", "--replicas", "0"], "--replicas 0: give 1 or more"),
    ],
)
def test_what_cannot_be_deployed_is_refused(more: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capacity", "manifest", *ONE, *more]) == 2
    assert words in capsys.readouterr().err


def test_the_surer_choices_are_named_with_a_cheapest_that_is_doubted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SEARCH) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Confidence low: On CDNA3 (MI300 class) GPUs" in said
    assert "The cheapest of normal confidence: " in said


def test_prices_of_a_later_day_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SEARCH[:-2], "--on", "2020-01-01"]) == 0
    assert "of the prices listed are younger than 2020-01-01" in " ".join(capsys.readouterr().out.split())
    assert main(SEARCH) == 0
    assert "are younger than" not in capsys.readouterr().out
