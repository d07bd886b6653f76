"""`planner predict`: every line comes out, with numbers or with the reason, and nothing is lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from planner.catalog.catalog import installed
from planner.cli.main import main
from planner.cli.predict import ADDED

TABLES = installed().tables
WORDS = {"nvfp4": "fp4"}
COLUMNS = (
    *("id", "source", "model", "precision", "gpu", "n_gpu", "tp", "dp", "engine", "engine_version", "isl", "osl"),
    *("mode", "concurrency", "num_prompts", "out_tok_s", "total_tok_s", "notes"),
)


def line(**cells: object) -> dict[str, str]:
    """One case as benchmarks write it: Llama 3.1 70B in FP8 on four H100, 64 requests of 1,000 / 500 in flight."""
    usual: dict[str, object] = {
        "id": "a", "model": "Llama-3.1-70B", "precision": "fp8", "gpu": "H100", "n_gpu": 4, "tp": 4, "dp": 1,
        "engine": "vllm", "engine_version": "0.11.0", "isl": 1000, "osl": 500, "mode": "closed", "concurrency": 64,
    }  # fmt: skip
    return {name: str((usual | cells).get(name, "")) for name in COLUMNS}


def predicted(tmp_path: Path, *lines: dict[str, str]) -> list[dict[str, str]]:
    """The lines that come out of the command."""
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with given.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(lines)
    assert main(["predict", str(given), "--out", str(out)]) == 0
    with out.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_case_gets_its_numbers_and_keeps_its_columns(tmp_path: Path) -> None:
    (found,) = predicted(tmp_path, line())
    assert list(found) == [*COLUMNS, *ADDED]
    low, likely, high = (float(found[name]) for name in ("low_out_tok_s", "pred_out_tok_s", "high_out_tok_s"))
    assert 500 < low < likely < high < 5000
    assert 0 < float(found["pred_tpot_ms"]) < 100 < float(found["pred_ttft_ms"]) + 100
    assert found["confidence"] == "normal"
    assert found["model"] == "Llama-3.1-70B"


def test_every_published_row_fit_for_calibration_gets_a_number(tmp_path: Path) -> None:
    rows = [row for row in TABLES.measured if row.fit_ok]
    lines = [
        line(
            id=row.row_id, source=row.source_id, model=row.model_name, gpu=row.gpu_name, n_gpu=row.n_gpu,
            precision=WORDS.get(row.format_id, row.format_id), tp=row.tp or "", dp=row.dp or "", engine=row.engine,
            engine_version=row.engine_version, isl=row.input_tokens, osl=row.output_tokens, mode=row.mode,
            concurrency=row.concurrency or "", num_prompts=row.num_prompts or "", out_tok_s=row.output_tokens_per_s,
            notes=row.note,
        )
        for row in rows
    ]  # fmt: skip
    found = predicted(tmp_path, *lines)
    assert [one["id"] for one in found] == [row.row_id for row in rows]
    assert all(float(one["pred_out_tok_s"]) > 0 for one in found)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"gpu": "H1000"}, "unknown GPU 'H1000'. Did you mean"),
        ({"model": "Llama-3.1-71B"}, "unknown model 'Llama-3.1-71B'. Did you mean Llama 3.1 70B"),
        ({"precision": "fp3"}, "unknown precision 'fp3'"),
        ({"engine": "vlm"}, "unknown engine 'vlm'. Did you mean vllm"),
        ({"n_gpu": 3, "tp": 3}, "tp 3 does not divide the 64 heads of Llama 3.1 70B: use 1, 2, 4, 8"),
        ({"isl": 400_000}, "beyond the 131,072 of Llama 3.1 70B"),
        ({"precision": "int8", "gpu": "B200"}, "no engine is known to run INT8 (W8A8) on NVIDIA B200"),
        ({"precision": "q4_k_m"}, "vLLM does not read GGUF Q4_K_M: use llama.cpp"),
        ({"precision": "q4_k_m", "gpu": "M4 Max", "tp": 1}, "vLLM has no kernels for Apple M4 Max: use llama.cpp"),
        ({"precision": "fp8", "gpu": "M4 Max", "tp": 1}, "use llama.cpp with a GGUF format"),
        ({"precision": "q4_k_m", "gpu": "M4 Max", "engine": "ollama", "tp": 2}, "use one chip per replica"),
        (
            {"precision": "q4_k_m", "gpu": "M4 Pro", "engine": "ollama", "tp": "", "model": "Llama-3.1-405B"},
            "does not fit on one Apple M4 Pro: use a smaller format or model",
        ),
        ({"isl": ""}, "isl is missing"),
        ({"osl": "many"}, "osl 'many' is not a positive number"),
        ({"concurrency": "-4"}, "concurrency '-4' is not a positive number"),
        ({"tp": "1.5"}, "tp 1.5 is not a whole number"),
    ],
)
def test_a_line_that_cannot_be_predicted_says_why(tmp_path: Path, cells: dict[str, object], reason: str) -> None:
    good, bad = predicted(tmp_path, line(), line(id="b", **cells))
    assert good["pred_out_tok_s"]
    assert (bad["id"], bad["pred_out_tok_s"], bad["confidence"]) == ("b", "", "none")
    assert reason in bad["why"]


def test_all_that_is_wrong_with_a_line_is_said_at_once(tmp_path: Path) -> None:
    (found,) = predicted(tmp_path, line(gpu="H1000", model="Llama-9", isl="", osl="0"))
    assert found["why"].count(";") == 3


@pytest.mark.parametrize(
    ("cells", "confidence", "why"),
    [
        ({"source": "inferencex", "isl": 1024, "osl": 1024}, "normal", "nominal lengths of InferenceX x 0.9"),
        ({"tp": "", "dp": "", "mode": "offline", "concurrency": ""}, "low", "tp not stated: taken as 2, 2 copies"),
        ({"concurrency": ""}, "low", "concurrency not stated"),
        ({"mode": "open-loop"}, "low", "open loop: what the deployment can serve"),
        ({"gpu": "A100", "n_gpu": 1, "tp": 1}, "low", "above 80%"),
        ({"out_tok_s": "", "total_tok_s": 9000}, "normal", "total tokens"),
        ({"notes": "attention DP enabled"}, "normal", "attention data parallelism"),
        ({"precision": "q4_k_m", "engine": "ollama", "n_gpu": 1, "tp": 1}, "low", "no measured rows on llama.cpp"),
        (
            {"precision": "q4_k_m", "engine": "ollama", "gpu": "Apple M3 Ultra", "n_gpu": 1, "tp": 1},
            "low",
            "no measured rows on Apple silicon GPUs: assumed constants",
        ),
    ],
)
def test_what_is_read_into_a_line_is_said(tmp_path: Path, cells: dict[str, object], confidence: str, why: str) -> None:
    (found,) = predicted(tmp_path, line(**cells))
    assert float(found["pred_out_tok_s"]) > 0
    assert found["confidence"] == confidence, found["why"]
    assert why in found["why"]


def test_nominal_lengths_are_taken_to_their_mean_once(tmp_path: Path) -> None:
    nominal = line(source="inferencex", isl=1024, osl=1024, notes="nominal 1024/1024, mean 0.9x")
    mean = line(source="inferencex", isl=921.6, osl=921.6, notes="nominal 1024/1024, mean 0.9x")
    first, second = predicted(tmp_path, nominal, mean)
    assert first["pred_out_tok_s"] == second["pred_out_tok_s"]


def test_errors_against_measured_lines_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predicted(tmp_path, line(out_tok_s=2000))
    shown = capsys.readouterr().err
    assert "1 lines, 1 predicted, 0 not" in shown
    assert "median" in shown


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"a,b\n1,2\n", "no column model, precision, gpu, isl, osl"), (b"\xff\xfe", "not UTF-8")],
)
def test_a_file_that_is_none_is_refused_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, said: str
) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    if content is not None:
        given.write_bytes(content)
    assert main(["predict", str(given), "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_named(mark: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "in.csv"
    given.write_text(mark.join(COLUMNS) + "\n", encoding="utf-8")
    assert main(["predict", str(given), "--out", str(tmp_path / "out.csv")]) == 2
    assert f"separated by {name}" in capsys.readouterr().err
