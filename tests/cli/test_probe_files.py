"""Measurements after they were made: imported, compared, planned for and put into a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.capacity.measurement.document import measurement_json, read_measurement
from planner.cli import main
from planner.domain.document import parse_scenario
from planner.domain.measurement import Measurement
from planner.domain.options import SelfHosted
from planner.domain.probe_task import ProbeTask
from tests.probe.fault_server import Faults, fault_server

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "samples" / "probe"
PLAN = ROOT / "data" / "workloads" / "azure-conversation.yaml"
ON = ["--on", "2026-11-21"]
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's own folder of measurements, empty at first."""
    monkeypatch.setenv("PLANNER_MEASUREMENTS", str(tmp_path / "kept"))
    return tmp_path / "kept"


def document(path: Path) -> Measurement:
    return read_measurement(path.read_bytes(), path.name)


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A measurement of a server that says it is the plan's H200."""
    out = tmp_path_factory.mktemp("probed") / "probe.json"
    with fault_server(Faults(slots=4, token_s=0.002)) as server:
        plan = ["--scenario", str(PLAN), "--option", "own-h200", "--input-tokens", "64", "--output-tokens", "16", *ON]
        load = ["--levels", "1,4,8", "--most", "8", "--repeats", "1", "--out", str(out)]
        assert main(["probe", server.url, *plan, *load]) in (0, 1)
    return out


def test_a_plan_gives_its_target_and_what_the_server_is_taken_to_be(probed: Path) -> None:
    m = document(probed)
    assert (m.declared.gpu_id, m.declared.gpus) == ("h200", 1)
    assert (m.declared.model_id, m.declared.format_id) == ("gpt-oss-120b", "mxfp4")
    assert m.declared.usd_per_gpu_hour is not None
    assert (m.target_ttft_p95_ms, m.target_tpot_p95_ms) == (2000, 60)
    assert m.shape.input_tokens_asked == 64, "what is typed goes before the plan"


def test_a_probe_is_planned_from_a_scenario_with_its_worth_and_its_cost(capsys: Captured) -> None:
    assert main(["probe", "plan", str(PLAN), "--option", "own-h200", *ON]) == 0
    said = capsys.readouterr().out
    for part in ("1,155 prompt tokens, 211 answer tokens", "Requests in flight", "GPU-hours", "the probe costs $"):
        assert part in said
    assert "planner probe http://HOST:PORT --scenario" in said
    assert main(["probe", "plan", str(PLAN), "--option", "own-h200", "--json", *ON]) == 0
    task = ProbeTask.model_validate(json.loads(capsys.readouterr().out)["task"])
    assert (task.input_tokens, task.output_tokens) == (1155, 211)


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_an_option_has_to_be_named_where_there_are_several(command: str, probed: Path, capsys: Captured) -> None:
    more = [str(probed)] if command == "apply" else []
    assert main(["probe", command, str(PLAN), *more, *ON]) == 2
    assert "--option is missing: " in (said := capsys.readouterr().err)
    assert "has own-h200, own-h100" in said
    assert main(["probe", command, str(PLAN), *more, "--option", "groq-gpt-oss-120b", *ON]) == 2
    assert "Name one of own-h200, own-h100" in capsys.readouterr().err


def test_a_measurement_in_a_plan_shows_the_decision_before_and_after_and_is_cited(
    probed: Path, tmp_path: Path, capsys: Captured
) -> None:
    new = tmp_path / "new.yaml"
    assert main(["probe", "apply", str(PLAN), str(probed), "--option", "own-h200", "--out", str(new), *ON]) == 0
    said, m = capsys.readouterr().out, document(probed)
    assert "Decision before and after: gpt-oss-120b on own H200s" in said
    assert f"Measured: probe {m.measurement_id}, vLLM 0.32.0, 1 x NVIDIA H200, " in said
    assert "Before it, a measurement was worth " in said
    assert f"Written: {new}" in said
    option = parse_scenario(new.read_bytes(), name="new.yaml").options
    (held,) = (one.calibration for one in option if isinstance(one, SelfHosted) and one.calibration)
    assert held.measured_by is not None
    assert held.measured_by.measurement_id == m.measurement_id
    assert main(["evaluate", str(new), *ON]) == 0
    assert m.measurement_id in capsys.readouterr().out
    assert main(["probe", "apply", str(PLAN), str(probed), "--option", "own-h200", "--out", str(new), *ON]) == 2
    assert "overwrite it with --force" in capsys.readouterr().err


def test_a_measurement_of_another_gpu_or_of_none_is_refused_with_every_reason(
    probed: Path, tmp_path: Path, capsys: Captured
) -> None:
    m, path = document(probed), tmp_path / "other.json"
    path.write_bytes(measurement_json(m.model_copy(update={"declared": m.declared.model_copy(update={"gpus": 2})})))
    assert main(["probe", "apply", str(PLAN), str(path), "--option", "own-h100", *ON]) == 2
    said = capsys.readouterr().err
    assert "The GPU of measurement" in said
    assert "The number of GPUs of measurement" in said
    on_cpu = m.declared.model_copy(update={"gpu_id": "cpu", "gpus": 1})
    path.write_bytes(measurement_json(m.model_copy(update={"declared": on_cpu})))
    assert main(["probe", "apply", str(PLAN), str(path), "--option", "own-h200", *ON]) == 2
    assert "--accept-cpu" in capsys.readouterr().err
    assert main(["probe", "apply", str(PLAN), str(path), "--option", "own-h200", "--accept-cpu", *ON]) == 0
    assert "WITHOUT a GPU" in capsys.readouterr().out


def test_two_measurements_are_held_against_each_other(probed: Path, tmp_path: Path, capsys: Captured) -> None:
    m, path = document(probed), tmp_path / "later.json"
    newer = m.server.model_copy(update={"engine_version": "0.33.0"})
    path.write_bytes(measurement_json(m.model_copy(update={"server": newer})))
    assert main(["probe", "diff", str(probed), str(probed)]) == 0
    assert "Both say the same" in capsys.readouterr().out
    assert main(["probe", "diff", "none", "nothing"]) == 2
    said = capsys.readouterr().err
    assert "none: no such file" in said
    assert "nothing: no such file" in said
    assert main(["probe", "diff", str(probed), str(path)]) == 0
    assert "server.engine_version  0.32.0  0.33.0" in capsys.readouterr().out


def test_a_result_of_another_tool_is_imported_with_what_is_said_of_the_server(tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "imported.json"
    words = [str(RESULTS / "vllm-rust-c8.json"), "--gpu", "H100 SXM x2", "--format", "fp8", "--out", str(out)]
    assert main(["probe", "import", *words]) == 0
    m = document(out)
    assert (m.origin, m.declared.gpu_id, m.declared.gpus, m.declared.format_id) == ("vllm_bench", "h100-sxm", 2, "fp8")
    assert m.runs[0].output_tokens_per_s == pytest.approx(4096 / 15.482775319)
    assert "imported" in capsys.readouterr().out


def test_files_that_are_no_results_are_all_told_at_once(tmp_path: Path, folder: Path, capsys: Captured) -> None:
    (tmp_path / "list.json").write_text("[1, 2]")
    names = [str(ROOT / "README.md"), str(tmp_path / "none.json"), str(tmp_path / "list.json"), str(tmp_path)]
    failed = str(RESULTS / "vllm-python-unauthorised.json")
    assert main(["probe", "import", *names, failed, "--gpu", "H1000"]) == 2
    said = capsys.readouterr()
    for part in (
        "--gpu: unknown GPU",
        "README.md",
        "none.json: no such file",
        "list.json",
        "is a directory",
        "all 8 requests",
    ):
        assert part in said.err, part
    assert said.out == ""
    assert not list(folder.glob("*.json"))


def test_a_probe_of_another_machine_is_imported_and_its_gpu_corrected(
    probed: Path, folder: Path, capsys: Captured
) -> None:
    assert main(["probe", "import", str(probed), "--gpu", "B200 x8"]) in (0, 1)
    (path,) = folder.glob("*.json")
    assert document(path) == document(probed).model_copy(
        update={"declared": document(probed).declared.model_copy(update={"gpu_id": "b200", "gpus": 8})}
    )
    assert path.stem in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        ("{", "it is not valid JSON at line 1"),
        ('{"a": 1}', "it is no measurement"),
        (
            '{"schema_version": 9, "measurement_id": "x"}',
            "written by a newer program (form 9; this program reads form 1)",
        ),
    ],
)
def test_what_is_no_measurement_says_what_is_one(content: str, said: str, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "odd.json"
    path.write_text(content)
    for words in (
        ["show", str(path)],
        ["diff", str(path), str(path)],
        ["apply", str(PLAN), str(path), "--option", "x"],
    ):
        assert main(["probe", *words]) == 2
        assert said in capsys.readouterr().err


def test_one_that_cannot_be_read_is_named_among_those_that_are_kept(folder: Path, capsys: Captured) -> None:
    folder.mkdir()
    (folder / f"{'a' * 16}.json").write_text("{}")
    assert main(["probe", "list"]) == 0
    assert f"{'a' * 16} cannot be read" in capsys.readouterr().err
    for given, said in (
        ("b" * 16, "There is no measurement"),
        ("nothing", "no such file"),
        (str(folder), "is a directory"),
    ):
        assert main(["probe", "show", given]) == 2
        assert said in capsys.readouterr().err
