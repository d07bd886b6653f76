"""`planner catalog` as a script calls it: check, list, show, history, and refresh from a server on this machine."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.catalog.catalog import DATA_DIR, load
from planner.cli import main
from planner.refresh.sources import SOURCES
from tests.refresh.library_file import model_of, published
from tests.refresh.loopback import Answer, Handler, Loopback, body, html, loopback

ON = ["--on", "2026-11-21"]
ROOT = Path(__file__).resolve().parents[2]
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's own folder, empty at first."""
    monkeypatch.setenv("PLANNER_CATALOG", str(tmp_path / "catalog"))
    return tmp_path / "catalog"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server with the library's data file, which the command asks."""
    with loopback() as server:
        monkeypatch.setitem(SOURCES, "genai", server.source(SOURCES["genai"], "/data.json"))
        server.answers["/data.json"] = cheaper(2)
        yield server


def cheaper(usd: float) -> Answer:
    """The file with another input price of GPT-4o."""
    return body(published(lambda raw: model_of(raw, "openai", "gpt-4o")["prices"].update(input_mtok=usd)))


def refresh(*more: str) -> int:
    return main(["catalog", "refresh", "--source", "genai", *ON, *more])


def test_check_counts_every_table_and_how_old_it_is(capsys: Captured) -> None:
    assert main(["catalog", "check", *ON]) == 0
    out = capsys.readouterr().out
    with (DATA_DIR / "gpu_prices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # 90 days before 2026-11-21 is 2026-08-23; "2026-08" means its first day and sorts before it too
    old = [row for row in rows if row["as_of"] < "2026-08-23"]
    (line,) = [line.split() for line in out.splitlines() if line.startswith("gpu_prices ")]
    assert line[1:3] == [f"{len(rows)}", "100%"]
    assert int(line[4]) == len(old)
    assert "every row is good" in out
    assert "claims" in out
    assert "models at providers are retired" in out


def test_check_reads_the_rows_added_here_too(folder: Path, capsys: Captured) -> None:
    folder.mkdir()
    with (DATA_DIR / "gpu_prices.csv").open(encoding="utf-8") as shipped:
        header, first = shipped.readline(), shipped.readline()
    (folder / "gpu_prices.csv").write_text(header + first + first.replace("aws-", "mine-", 1), encoding="utf-8")
    assert main(["catalog", "check", *ON]) == 2
    err = capsys.readouterr().err
    assert "catalog/gpu_prices.csv:2 price_id: 'aws-t4-g4dn.xlarge-on-demand' is already used on line 2 of" in err
    assert "catalog/gpu_prices.csv:3" in err
    assert "A new figure is a new row with an id of its own." in err


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("providers", "openai"),
        ("gpus", "80 GB"),
        ("gpu-prices", "USD per GPU-hour"),
        ("servers", "USD"),
        ("open-models", "meta-llama/Llama-3.3-70B-Instruct"),
        ("formats", "bits per weight"),
        ("licences", "commercial use allowed"),
        ("api-prices", "USD per 1M tokens in / out"),
        ("defaults", "USD/year"),
    ],
)
def test_every_list_has_lines(what: str, expected: str, capsys: Captured) -> None:
    assert main(["catalog", "list", what]) == 0
    assert expected in capsys.readouterr().out


def test_a_list_can_be_of_one_provider(capsys: Captured) -> None:
    assert main(["catalog", "list", "gpu-prices", "--provider", "RunPod"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 12
    assert all("runpod" in line for line in lines)


def test_show_gives_a_row_its_source_and_its_history(capsys: Captured) -> None:
    assert main(["catalog", "show", "gpu_prices/runpod-h100-sxm-pod-on-demand", *ON]) == 0
    out = capsys.readouterr().out
    assert "https://www.runpod.io/pricing" in out
    assert "in force, 69 days" in out
    history = out.split("History")[1]
    assert "2026-09-13" in history
    assert "3.49" in history


def test_show_finds_a_price_of_the_library(capsys: Captured) -> None:
    assert main(["catalog", "show", "api/openai/gpt-4o", *ON]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "input_usd_per_mtok 2.5 " in out
    assert "output_usd_per_mtok 10 " in out
    assert "source_url https://" in out


def test_history_shows_announced_prices(capsys: Captured) -> None:
    assert main(["catalog", "history", "api/google/gemini-3.8-flash", *ON]) == 0
    assert "2027-01-01, announced" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("gpu_prices/runpod-h100-sxm-pod-on-demnd", "Did you mean gpu_prices/runpod-h100-sxm-pod-on-demand"),
        ("gpu_price/x", "no table of that name"),
        ("api/openai/gpt-44", "there is no such row"),
    ],
)
def test_a_row_that_is_not_there_is_said(row: str, said: str, capsys: Captured) -> None:
    for command in ("show", "history"):
        assert main(["catalog", command, row, *ON]) == 2
        assert said in capsys.readouterr().err


def test_refresh_shows_the_difference_and_writes_nothing(shop: Loopback, folder: Path, capsys: Captured) -> None:
    assert refresh() == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("changed ")]
    assert "gpt-4o at OpenAI" in line
    for cell in ("input", " 2.5 ", " 2 ", "−20.0 %", "USD per 1M tokens", "api/openai/gpt-4o"):
        assert cell in line
    assert "1 changed, 0 new" in out
    assert "nothing is written yet. Repeat with --apply" in out
    assert not folder.exists()


def test_apply_adds_and_a_second_time_adds_nothing(shop: Loopback, folder: Path, capsys: Captured) -> None:
    assert refresh("--apply") == 0
    assert "1 row added" in capsys.readouterr().out
    written = (folder / "api_prices.csv").read_bytes()
    assert refresh("--apply") == 0
    assert "Nothing was added" in capsys.readouterr().out
    assert (folder / "api_prices.csv").read_bytes() == written
    assert main(["catalog", "show", "api_prices/openai-gpt-4o-2026-11-21", *ON]) == 0
    assert "genai-prices data file" in capsys.readouterr().out
    assert main(["catalog", "check", *ON]) == 0


def test_a_scenario_is_answered_at_the_new_price(shop: Loopback, tmp_path: Path, capsys: Captured) -> None:
    scenario = tmp_path / "s.yaml"
    scenario.write_text(
        "schema_version: 1\nname: x\noptions: [{kind: api, option_id: b, label: B, provider: openai, model: gpt-4o}]\n"
        "workload: {classes: [{class_id: a, requests_per_day: 1000, fresh_input_tokens: 1000, output_tokens: 1}]}\n"
    )

    def monthly() -> float:
        assert main(["evaluate", str(scenario), "--format", "json", *ON]) == 0
        result = json.loads(capsys.readouterr().out)
        return float(result["options"][0]["levelised_usd_per_month"])

    before = monthly()
    refresh("--apply")
    capsys.readouterr()
    # a million input tokens a day at 2.00 in place of 2.50 USD: 0.50 x 30.4167 days less
    assert before - monthly() == pytest.approx(0.5 * 365 / 12, abs=0.02)


def test_a_jump_is_refused_with_1_until_it_is_accepted(shop: Loopback, folder: Path, capsys: Captured) -> None:
    def edit(raw: list[dict[str, object]]) -> None:
        model_of(raw, "openai", "gpt-4o")["prices"] = {"input_mtok": 26, "output_mtok": 104}

    shop.answers["/data.json"] = body(published(edit))
    assert refresh("--apply") == 1
    out = capsys.readouterr().out
    assert "refused. 2 price(s) would change more than 10 times" in out
    assert "--accept-jumps" in out
    assert "jump!" in out
    assert not (folder / "api_prices.csv").exists()
    assert refresh("--apply", "--accept-jumps") == 0
    assert (folder / "api_prices.csv").exists()


def test_a_source_that_fails_keeps_the_prices_and_exits_with_1(shop: Loopback, capsys: Captured) -> None:
    shop.answers["/data.json"] = html()
    assert refresh("--apply") == 1
    captured = capsys.readouterr()
    assert "failed." in captured.out
    assert "Kept the prices of 2026-11-09." in " ".join(captured.out.split())
    assert "Traceback" not in captured.err


def test_waiting_is_told_on_standard_error(shop: Loopback, capsys: Captured) -> None:
    file = published()

    def answer(handler: Handler) -> None:
        handler.server.stopping.wait(1.3)
        body(file)(handler)

    shop.answers["/data.json"] = answer
    assert refresh() == 0
    captured = capsys.readouterr()
    assert captured.err == "planner: asking genai-prices, the price library ...\n"
    assert "asking" not in captured.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "azur"], "Did you mean azure"),
        (["--source", "genai", "--data", "{file}", "--apply"], "this is a file. Give the folder"),
    ],
)
def test_wrong_input_to_refresh_exits_with_2(
    shop: Loopback, tmp_path: Path, arguments: list[str], said: str, capsys: Captured
) -> None:
    (tmp_path / "file").write_text("no folder")
    given = [argument.format(file=tmp_path / "file") for argument in arguments]
    assert main(["catalog", "refresh", *ON, *given]) == 2
    assert said in capsys.readouterr().err


def test_a_maintainer_adds_to_any_folder(shop: Loopback, tmp_path: Path, folder: Path) -> None:
    assert refresh("--apply", "--data", str(tmp_path / "mine")) == 0
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [
        ".catalog.lock",
        "api_prices.csv",
        "refreshes.csv",
    ]
    assert not folder.exists()


def test_two_commands_at_once_add_the_row_once(tmp_path: Path, folder: Path) -> None:
    """Both see the change; one adds it, the other is told that it is there."""
    script = (
        "import sys; from planner.cli import main; from planner.refresh.sources import SOURCES;"
        "from planner.refresh.fetch import Door; import dataclasses;"
        "SOURCES['genai'] = dataclasses.replace(SOURCES['genai'], url=sys.argv[1] + '/data.json',"
        " door=Door(hosts=frozenset({sys.argv[1]})));"
        "sys.exit(main(['catalog', 'refresh', '--source', 'genai', '--apply', '--on', '2026-11-21']))"
    )
    with loopback() as server:
        server.answers["/data.json"] = cheaper(2)
        command = [sys.executable, "-c", script, server.url]
        both = [
            subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        for process in both:
            process.communicate(timeout=60)
        codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 2])
    local = [row for row in load(local_dir=folder).tables.api_prices if row.as_of == dt.date(2026, 11, 21).isoformat()]
    assert [row.price_id for row in local if row.price_id.endswith("-2026-11-21")] == ["openai-gpt-4o-2026-11-21"]


def test_help_names_every_source(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["catalog", "refresh", "--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in SOURCES)


def test_shipped_tables_can_be_checked_elsewhere(tmp_path: Path, capsys: Captured) -> None:
    shutil.copytree(DATA_DIR, tmp_path / "data")
    (tmp_path / "data" / "claims.csv").unlink()
    assert main(["catalog", "check", "--data", str(tmp_path / "data")]) == 2
    assert "claims.csv: no such file" in capsys.readouterr().err


def test_an_id_is_never_broken_over_lines(capsys: Captured) -> None:
    assert main(["catalog", "history", "gpu_prices/runpod-h100-sxm-pod-on-demand", *ON]) == 0
    assert "gpu_prices/runpod-h100-sxm-pod-on-demand-2026-05" in capsys.readouterr().out.split()


def test_every_figure_of_an_answer_names_its_row(capsys: Captured) -> None:
    assert main(["evaluate", "data/workloads/azure-conversation.yaml", *ON]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "[gpu_prices/runpod-h200-pod-on-demand]" in told
    assert "[api/groq/openai/gpt-oss-120b]" in told
