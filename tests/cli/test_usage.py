"""`planner usage` as a person calls it: import, formats, list, show, forget, schema."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planner.cli import main
from planner.domain.usage import UsageProfile
from planner.usage.kept import read_rollup
from planner.workload.readers import READERS
from tests.usage.logs import HEADER, csv_text, rows, write

ON = ["--on", "2026-11-21"]
ROOT = Path(__file__).parents[2]
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's own folder, empty at first."""
    monkeypatch.setenv("PLANNER_USAGE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def log(folder: Path, count: int = 200, name: str = "log.csv") -> Path:
    return write(folder / name, csv_text(rows(count)))


def test_an_import_writes_the_profile_and_its_rollup_and_says_what_was_read(tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "profile.json"
    path = write(tmp_path / "log.csv", csv_text(rows(200)) + "2026-10-05T01:00:00Z,small,many,1,1\n")
    assert main(["usage", "import", str(path), "--out", str(out), *ON]) == 0
    profile = UsageProfile.model_validate_json(out.read_text())
    assert profile.total_requests == 200
    assert read_rollup(tmp_path / "profile.rollup.parquet").total("requests") == 200
    said = capsys.readouterr().out
    assert "log.csv: Plain table: timestamp, model, input_tokens, output_tokens, 201 rows, 1 row not used" in said
    assert "log.csv: 1 row: input_tokens is not a whole number (line 202)" in said
    assert f"Kept as {profile.profile_id}" in said
    assert "Busiest over mean" in said


def test_the_profile_is_json_on_standard_output_when_asked(tmp_path: Path, capsys: Captured) -> None:
    assert main(["usage", "import", str(log(tmp_path)), "--json", *ON]) == 0
    assert UsageProfile.model_validate_json(capsys.readouterr().out).total_requests == 200


def test_columns_are_mapped_by_name_even_with_commas_in_them(tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path / "log.csv", 'When,"Tokens, in",Out\n2026-10-05T00:00:00Z,5,7\n')
    told = ["--map", "timestamp=When,input_tokens=Tokens, in", "--map", "output_tokens=Out"]
    assert main(["usage", "import", str(path), *told, "--json", *ON]) == 0
    assert json.loads(capsys.readouterr().out)["total_output_tokens"] == 7


def test_more_rejects_can_be_allowed(tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path / "log.csv", csv_text(rows(20)) + "2026-10-05T01:00:00Z,small,many,1,1\n" * 5)
    assert main(["usage", "import", str(path), *ON]) == 2
    assert "5 of 25 rows (20%) cannot be used" in capsys.readouterr().err
    assert main(["usage", "import", str(path), "--max-reject-share", "25%", *ON]) == 0


def test_everything_wrong_is_said_at_once_on_standard_error(tmp_path: Path, capsys: Captured) -> None:
    bad = write(tmp_path / "bad.csv", HEADER)
    assert main(["usage", "import", str(bad), str(tmp_path / "none.csv"), *ON]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "bad.csv: is an empty export" in said.err
    assert "none.csv: there is no such file" in said.err


def test_arguments_that_do_not_go_together_are_said_at_once(tmp_path: Path, capsys: Captured) -> None:
    wrong = ["--table", "t", "--cached", "outside", "--map", "nonsense", "--since", "2026-01-01"]
    assert main(["usage", "import", *wrong, "--out", str(tmp_path / "no" / "p.json")]) == 2
    said = capsys.readouterr().err
    for part in ("give PATH", "--engine and --table", "--cached outside", "--map nonsense", "--since", "--out"):
        assert part in said


def test_a_path_that_is_empty_is_not_the_folder_one_is_in(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["usage", "import", "", *ON])
    assert "an empty path: give a file, a folder or a pattern" in capsys.readouterr().err


def test_a_format_that_a_file_is_not_of_is_not_called_unknown(tmp_path: Path, capsys: Captured) -> None:
    assert main(["usage", "import", str(log(tmp_path)), "--format", "litellm", *ON]) == 2
    said = capsys.readouterr().err
    assert "log.csv: is not LiteLLM spend logs" in said
    assert "Leave --format out, and the format is recognised from the file" in said


def test_columns_that_the_file_lacks_are_named(tmp_path: Path, capsys: Captured) -> None:
    names = ["--map", "timestamp=Nope,input_tokens=input_tokens,output_tokens=output_tokens"]
    assert main(["usage", "import", str(log(tmp_path)), *names, *ON]) == 2
    assert "log.csv: lacks Nope, which columns are mapped to." in capsys.readouterr().err


def test_a_wrong_folder_does_not_say_everything_in_it(tmp_path: Path, capsys: Captured) -> None:
    for number in range(30):
        write(tmp_path / "wrong" / f"{number}.csv", "a,b\n1,2\n")
    assert main(["usage", "import", str(tmp_path / "wrong"), *ON]) == 2
    said = capsys.readouterr().err
    assert said.count("is of no format that is known") == 20
    assert "comes closest" not in said, "none of its columns is one of a format"
    assert "And 10 more problems. Give only exports of usage" in said


def test_tokens_that_no_row_says_are_unknown_and_not_none(tmp_path: Path, capsys: Captured) -> None:
    path = ROOT / "tests" / "samples" / "usage" / "anthropic_cost_csv.csv"
    assert main(["usage", "import", str(path), *ON]) == 0
    assert "Claude Opus 5                                requests unknown, input unknown, output unknown" in (
        capsys.readouterr().out
    )


def test_lists_are_json_when_asked(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        "sources:\n  - name: gateway\n    engine: postgresql://reader:s3cret@host/db\n    table: public.logs\n"
    )
    monkeypatch.setenv("PLANNER_USAGE_SOURCES", str(sources))
    assert main(["usage", "import", str(log(tmp_path)), *ON]) == 0
    capsys.readouterr()
    assert main(["usage", "list", "--json"]) == 0
    said = capsys.readouterr().out
    assert json.loads(said)["imports"][0]["total_requests"] == 200
    assert json.loads(said)["sources"][0]["name"] == "gateway"
    assert "s3cret" not in said
    assert main(["usage", "formats", "--json"]) == 0
    assert [entry["format_id"] for entry in json.loads(capsys.readouterr().out)] == [r.about.reader_id for r in READERS]


def test_what_is_no_profile_says_what_is_one(tmp_path: Path, capsys: Captured) -> None:
    assert main(["usage", "show", str(log(tmp_path))]) == 2
    assert "log.csv: is no JSON, so no profile. Give a profile" in capsys.readouterr().err


def test_what_is_kept_can_be_listed_shown_and_forgotten(tmp_path: Path, capsys: Captured) -> None:
    main(["usage", "list"])
    assert "No import is kept here yet" in capsys.readouterr().out
    main(["usage", "import", str(log(tmp_path)), "--name", "October", "--json", *ON])
    profile_id = json.loads(capsys.readouterr().out)["profile_id"]
    main(["usage", "list"])
    listed = capsys.readouterr().out
    assert f"{profile_id}  2026-11-21  2026-10-05 to 2026-10-05  October" in listed
    assert main(["usage", "show", profile_id]) == 0
    assert capsys.readouterr().out.startswith("October\n=======\n")
    assert main(["usage", "forget", profile_id]) == 0
    assert main(["usage", "forget", profile_id]) == 2
    assert "there is no such import here" in capsys.readouterr().err


def test_every_format_is_listed_with_what_it_was_checked_against(capsys: Captured) -> None:
    assert main(["usage", "formats"]) == 0
    said = capsys.readouterr().out
    for reader in READERS:
        assert f"\n{reader.about.reader_id} " in f"\n{said}"
    assert said.count("checked against: ") == len(READERS)


def test_the_schema_is_that_of_a_profile(capsys: Captured) -> None:
    assert main(["usage", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == UsageProfile.model_json_schema()


def test_configured_sources_are_listed_without_secrets(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "s.yaml", "sources:\n- name: g\n  engine: postgresql://u:word@h/db\n  table: t\n")
    monkeypatch.setenv("PLANNER_USAGE_SOURCES", str(file))
    assert main(["usage", "list"]) == 0
    said = capsys.readouterr().out
    assert "source g: t at postgresql://u:***@h/db" in said
    assert "word" not in said


def test_a_terminal_sees_a_line_that_moves(tmp_path: Path) -> None:
    """A real terminal: the line goes to it, and only the summary to standard output."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "planner", "usage", "import", str(log(tmp_path)), *ON]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, text=True, cwd=ROOT, check=True)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert b"reading log.csv" in seen
    assert seen.endswith(b"\r\x1b[K")
    assert "\r" not in done.stdout


def test_ctrl_c_stops_with_a_clear_word_and_nothing_is_kept(tmp_path: Path, folder: Path) -> None:
    path = log(tmp_path, 400_000, "log.csv.gz")
    command = [sys.executable, "-m", "planner", "usage", "import", str(path), *ON]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        until = time.monotonic() + 60
        while not list(folder.glob("staging/.*.part/rows.parquet")) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "planner: the import was stopped. Start it again: finished files are not read again\n"
    assert out == ""
    assert [path.name for path in folder.iterdir() if path.name not in {"salt", "staging"}] == []
