"""`planner probe URL` as a person calls it, against a server that really answers."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from planner.capacity.measurement.document import read_measurement
from planner.cli import main
from planner.cli.probe_progress import run_words
from planner.cli.probe_stop import Stopped, stoppable
from planner.domain.measured_run import Flag
from planner.domain.measurement import Measurement
from planner.probe.errors import ProbeError
from tests.decision.probe_samples import run
from tests.probe.fault_server import Faults, FaultServer, fault_server, separate_fault_server

ROOT = Path(__file__).parents[2]
Captured = pytest.CaptureFixture[str]
SHAPE = ["--input-tokens", "16", "--output-tokens", "8"]
CURVE = [*SHAPE, "--levels", "1,2,4,8", "--most", "16", "--repeats", "2", "--least-requests", "10"]
QUICK = [*SHAPE, "--levels", "2,4", "--most", "8", "--repeats", "1", "--least-requests", "10"]
TINY = [*SHAPE, "--levels", "1", "--most", "1", "--repeats", "1", "--least-requests", "2"]
SERVED = ["--model", "tiny", "--gpu", "cpu"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's own folder of measurements, empty at first."""
    monkeypatch.setenv("PLANNER_MEASUREMENTS", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of four slots, in a process of its own."""
    with separate_fault_server(Faults(slots=4, token_s=0.004)) as address:
        yield address


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server(Faults(slots=4, token_s=0.002)) as running:
        yield running


def document(path: Path) -> Measurement:
    return read_measurement(path.read_bytes(), path.name)


def generations(server: FaultServer) -> int:
    return sum(request.method == "POST" for request in server.asked)


def test_a_probe_says_what_it_sends_shows_how_far_it_is_and_writes_the_measurement(
    url: str, tmp_path: Path, capsys: Captured
) -> None:
    out = tmp_path / "probe.json"
    assert main(["probe", url, *SERVED, *CURVE, "--out", str(out), "--tpot-ms", "50", "--note", "a test"]) == 0
    said, m = capsys.readouterr(), document(out)
    assert "Server: tiny on vLLM 0.32.0, longest request 4,096 tokens" in said.err
    assert "Declared: CPU, no GPU" in said.err
    assert (
        "Levels: 1, 2, 4, 8 in flight, then 16 while throughput still rises, 2 runs each, 16 tokens in and 8 out"
        in said.err
    )
    number = 1 + 2 * (10 + 1 + 10 + 2 + 16 + 4 + 32 + 8)  # a check, then runs and their warm-up waves
    assert f"These take 8 runs, {number} requests, {number * 24 / 1000:.3g}k tokens" in said.err
    assert "At most, with levels that are added: 10 runs, " in said.err
    assert "Limits: 20,000 requests, 20M tokens, 60 min" in said.err
    assert "run 8: " in said.err
    assert (m.declared.gpu_id, m.declared.note, m.target_tpot_p95_ms) == ("cpu", "a test", 50)
    assert f"probe {m.measurement_id} of vLLM 0.32.0 on a server without a GPU: " in said.out
    for part in ("The measurement\n", "At the latency target  ", "In flight  Repeats  Output", "doubt  cpu server "):
        assert part in said.out
    assert "Server and client counted the same answer tokens in " in said.out
    assert f"Written: {out}" in said.out


def test_the_document_alone_is_on_standard_output_when_asked(url: str, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "probe.json"
    main(["probe", url, *SERVED, *TINY, "--json", "--out", str(out)])
    assert capsys.readouterr().out == out.read_text()


def test_without_a_file_it_is_kept_listed_shown_and_forgotten(url: str, folder: Path, capsys: Captured) -> None:
    assert main(["probe", "list"]) == 0
    assert "No measurement is kept here yet" in capsys.readouterr().out
    main(["probe", url, *SERVED, *TINY])
    (path,) = folder.glob("*.json")
    assert f"Kept as {path.stem}" in capsys.readouterr().out
    assert main(["probe", "list"]) == 0
    assert path.stem in (listing := capsys.readouterr().out)
    assert "vLLM 0.32.0" in listing
    assert main(["probe", "list", "--json"]) == 0
    assert [one["measurement_id"] for one in json.loads(capsys.readouterr().out)] == [path.stem]
    assert main(["probe", "show", path.stem]) == 0
    assert f"probe {path.stem} of " in capsys.readouterr().out
    assert main(["probe", "show", path.stem, "--json"]) == 0
    assert capsys.readouterr().out == path.read_text()
    assert main(["probe", "forget", path.stem]) == 0
    assert not path.exists()
    assert main(["probe", "forget", path.stem]) == 2
    assert "`planner probe list`" in capsys.readouterr().err


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_sent(
    server: FaultServer, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    (tmp_path / "there.json").write_text("mine")
    wrong = [
        *("--gpu", "H1000 SXM x2", "--format", "fp9", "--catalog-model", "lama-3.3-70b", "--input-tokens", "many"),
        *("--levels", "1,x", "--repeats", "0", "--max-usd", "5", "--api-key-env", "NO_SUCH_KEY", "--rates", ""),
        *("--endpoint", "socket", "--option", "own", "--out", str(tmp_path / "there.json"), "--with", "vllm-bench"),
        *("--vllm-bench", "/no/such/vllm", "--usd-per-gpu-hour", "-1", "--stall-seconds", "nan"),
    ]
    assert main(["probe", server.url, *wrong]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    for part in (
        "--gpu: unknown GPU 'H1000 SXM'. Did you mean H100 SXM",
        "--format: unknown precision 'fp9'. Did you mean ",
        "--catalog-model: unknown model 'lama-3.3-70b'. Did you mean ",
        "--input-tokens: 'many' is not a whole number such as 1500",
        "--output-tokens is missing: give it, or a plan with --scenario FILE --option ID",
        "--levels: 'x' is not a whole number",
        "--rates: it is empty. Write numbers with commas between them",
        "--repeats 0: give 1 or more.",
        "--endpoint socket: give 'auto', 'completions' or 'chat'",
        "--stall-seconds nan: ",
        "--usd-per-gpu-hour -1.0: give 0 or more",
        "--max-usd: dollars cannot be counted without a price",
        "--api-key-env NO_SUCH_KEY: there is no such variable, or it is empty",
        "--option names an option of a plan: give the plan with --scenario FILE",
        "there.json: it is there already. Choose another file, or overwrite it with --force",
        "--with vllm-bench: /no/such/vllm is no program. Install it with",
        "--tokenizer is missing",
    ):
        assert part in said.err, part
    assert server.asked == []
    assert (tmp_path / "there.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["shwo", "x.json"],
            "probe shwo: this is no command, and an address is http://HOST:PORT. Did you mean show?",
        ),
        (["server"], "Commands are apply, diff, forget, "),
        (["ftp://127.0.0.1"], "The address has to begin with http:// or https://"),
        (
            ["localhost:8000"],
            "localhost:8000: an address begins with http:// or https://. Write http://localhost:8000.",
        ),
        (["http://me:secret@127.0.0.1:8000"], "The address holds a user name or password"),
        (["http://no-such-host.invalid"], "no-such-host.invalid is not known here"),
        (["http://169.254.169.254"], "is where a cloud keeps credentials"),
        (["http://127.0.0.1:9", *SERVED, *TINY], "http://127.0.0.1:9"),
    ],
)
def test_what_is_no_server_is_told_with_the_way_out(words: list[str], said: str, capsys: Captured) -> None:
    assert main(["probe", *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "secret" not in err


def test_a_plan_that_cannot_be_read_is_one_problem_and_no_more(url: str, tmp_path: Path, capsys: Captured) -> None:
    for given, said in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "is a directory")):
        assert main(["probe", url, "--scenario", str(given), "--note", "\x1b[31m"]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert [line.split()[0] for line in lines] == ["planner:", "--note"]
        assert said in lines[0]
        assert "\x1b" not in lines[1]


def test_a_model_that_is_not_served_names_those_that_are(url: str, capsys: Captured) -> None:
    assert main(["probe", url, "--model", "huge", *TINY]) == 2
    assert "does not serve the model 'huge'. Choose one that it serves: tiny" in capsys.readouterr().err


def test_the_only_model_of_a_server_need_not_be_named(url: str, capsys: Captured) -> None:
    assert main(["probe", url, *TINY, "--gpu", "cpu"]) in (0, 1)
    assert "Server: tiny on vLLM" in capsys.readouterr().err


def test_a_key_comes_from_the_environment_and_goes_nowhere(
    server: FaultServer, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults.api_key = "s3cret-key"
    out = tmp_path / "probe.json"
    assert main(["probe", server.url, *SERVED, *TINY]) == 2
    assert "--api-key-env" in capsys.readouterr().err
    monkeypatch.setenv("PROBE_KEY", "s3cret-key")
    main(["probe", server.url, *SERVED, *TINY, "--api-key-env", "PROBE_KEY", "--out", str(out)])
    said = capsys.readouterr()
    assert document(out).runs[0].completed
    assert "s3cret" not in said.out + said.err + out.read_text()


@pytest.mark.parametrize("words", [["--api-key", "s3cret"], ["--api-key=s3cret"], ["--api-key-env", "sk-s3cret!"]])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(words: list[str], url: str, capsys: Captured) -> None:
    assert main(["probe", url, *SERVED, *TINY, *words]) == 2
    err = capsys.readouterr().err
    assert "environment variable" in err
    assert "s3cret" not in err


def test_a_file_that_is_there_is_overwritten_by_force_alone(
    server: FaultServer, tmp_path: Path, capsys: Captured
) -> None:
    out = tmp_path / "probe.json"
    out.write_text("mine")
    assert main(["probe", server.url, *SERVED, *TINY, "--out", str(out)]) == 2
    assert (out.read_text(), generations(server)) == ("mine", 0)
    main(["probe", server.url, *SERVED, *TINY, "--out", str(out), "--force"])
    assert document(out).runs
    assert [path.name for path in tmp_path.iterdir()] == ["probe.json"], "no part is left beside it"
    assert capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_found_before_the_run(
    server: FaultServer, tmp_path: Path, capsys: Captured
) -> None:
    for out, said in ((tmp_path, "this is a folder"), (tmp_path / "no" / "probe.json", "there is no folder")):
        assert main(["probe", server.url, *SERVED, *TINY, "--out", str(out)]) == 2
        assert said in capsys.readouterr().err
    assert main(["probe", server.url, *SERVED, *TINY, "--out", "/proc/probe.json"]) == 2
    assert "--out /proc/probe.json: " in capsys.readouterr().err
    assert server.asked == []


def test_a_limit_is_kept_and_what_was_measured_until_then_is_there(
    server: FaultServer, tmp_path: Path, capsys: Captured
) -> None:
    out = tmp_path / "probe.json"
    assert main(["probe", server.url, *SERVED, *QUICK, "--max-requests", "25", "--out", str(out)]) == 1
    m = document(out)
    assert m.summary.status == "partial"
    assert m.runs
    assert generations(server) <= 25
    said = capsys.readouterr().out
    assert "Stopped early. " in said
    assert "25 requests" in said


def test_dollars_are_shown_before_the_start_and_kept(server: FaultServer, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "probe.json"
    prices = ["--input-usd-per-mtok", "1000", "--output-usd-per-mtok", "2000", "--max-usd", "0.6"]
    assert main(["probe", server.url, *SERVED, *QUICK, *prices, "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "Limits: 20,000 requests, 20M tokens, 60 min, $0.60" in said
    spent = sum(run.input_tokens * 1000 + run.output_tokens * 2000 for run in document(out).runs) / 1e6
    assert 0 < spent <= 0.6


def test_a_server_that_dies_leaves_what_was_measured(server: FaultServer, tmp_path: Path, capsys: Captured) -> None:
    server.faults.after, server.faults.die = 20, True
    out = tmp_path / "probe.json"
    assert main(["probe", server.url, *SERVED, *QUICK, "--out", str(out)]) == 1
    m = document(out)
    assert any(run.usable for run in m.runs)
    assert m.stopped
    assert "Stopped early. " in capsys.readouterr().out


def started(url: str, out: Path, *more: str) -> subprocess.Popen[str]:
    shape = ["--input-tokens", "16", "--output-tokens", "40", "--levels", "1,2,4", "--repeats", "5"]
    command = [sys.executable, "-m", "planner", "probe", url, *SERVED, *shape, "--out", str(out), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def wait_for(there: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not there.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)


def test_ctrl_c_keeps_what_was_measured_marked_as_partial(url: str, tmp_path: Path) -> None:
    out = tmp_path / "probe.json"
    with started(url, out) as process:
        wait_for(out, process)
        process.send_signal(signal.SIGINT)
        before = time.monotonic()
        said, err = process.communicate(timeout=30)
    assert time.monotonic() - before < 10
    assert process.returncode == 130, err
    m = document(out)
    assert m.summary.status == "partial"
    assert m.stopped
    assert 1 <= len(m.runs) < 15
    assert "Stopped early. " in said
    assert "stopped by hand; what was measured is kept" in err
    assert "Traceback" not in err


def test_what_a_killed_probe_leaves_is_marked_as_partial(url: str, tmp_path: Path) -> None:
    out = tmp_path / "probe.json"
    with started(url, out) as process:
        wait_for(out, process)
        process.kill()
        process.communicate(timeout=30)
    m = document(out)
    assert m.summary.status == "partial"
    assert m.stopped == "it was still running when this was kept"


def test_the_rent_of_the_server_for_all_of_its_time_is_told_before_the_start(
    url: str, tmp_path: Path, capsys: Captured
) -> None:
    """Two GPUs at $3 an hour for 30 minutes at most: $3.00."""
    priced = ["--model", "tiny", "--gpu", "H100 SXM x2", "--usd-per-gpu-hour", "3", "--max-seconds", "1800", "--yes"]
    main(["probe", url, *priced, *TINY, "--out", str(tmp_path / "probe.json")])
    assert "20M tokens, 30 min (GPUs at $3.00); " in capsys.readouterr().err.replace("\n", " ")


def signalled(first: signal.Signals, failure: Exception | None = None) -> list[bool]:
    """Whether to stop, before and after a signal; then a failure."""
    with stoppable() as cancelled:
        seen = [cancelled()]
        os.kill(os.getpid(), first)
        seen.append(cancelled())
        if failure is not None:
            raise failure
    return seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    assert signalled(number) == [False, True]
    assert signal.getsignal(number) == before


def test_what_fails_after_somebody_asked_to_stop_is_no_more_than_that() -> None:
    with pytest.raises(Stopped):
        signalled(signal.SIGINT, ProbeError("Nothing was measured.", "Start again."))


def read_all(terminal: int, seen: bytearray) -> None:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            return
        if not part:
            return
        seen += part


def at_a_terminal(words: list[str], answer: bytes) -> tuple[int, str, str]:
    """Exit code, standard output, and what the terminal showed."""
    ours, theirs = pty.openpty()
    seen = bytearray()
    reader = threading.Thread(target=read_all, args=(ours, seen))
    reader.start()
    command = [sys.executable, "-m", "planner", "probe", *words]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, env=environment)
    os.close(theirs)
    until = time.monotonic() + 60
    while b"[y/N]" not in seen and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    os.write(ours, answer)
    said = process.communicate(timeout=60)[0].decode()
    reader.join(10)
    os.close(ours)
    return process.returncode, said, seen.decode()


@pytest.mark.slow
def test_a_terminal_is_asked_first_and_a_no_sends_no_load(server: FaultServer, folder: Path) -> None:
    code, said, seen = at_a_terminal([server.url, *SERVED, *QUICK], b"n\n")
    assert code == 130
    assert said == ""
    assert "Start? [y/N]" in seen
    assert "nothing was measured" in seen
    assert generations(server) <= 5, "the look alone"
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_terminal_sees_a_line_that_moves_and_the_runs_above_it(server: FaultServer, folder: Path) -> None:
    code, said, seen = at_a_terminal([server.url, *SERVED, *QUICK], b"y\n")
    assert code == 0, seen
    assert "\r" in seen
    assert "run 1: 2 in flight, repeat 1, " in seen
    assert "of 20,000 requests, " in seen
    assert "\x1b" not in said
    assert said.startswith("probe ")
    assert len(list(folder.glob("*.json"))) == 1


def keep_asking(url: str, until: threading.Event) -> None:
    """Traffic of somebody else."""
    while not until.is_set():
        body = {"model": "tiny", "prompt": "a word " * 8, "max_tokens": 20, "stream": True}
        requests.post(f"{url}/v1/completions", json=body, timeout=10).close()


def test_a_watch_reads_the_counters_of_live_traffic_and_sends_nothing(
    server: FaultServer, tmp_path: Path, capsys: Captured
) -> None:
    ended, out = threading.Event(), tmp_path / "live.json"
    threads = [threading.Thread(target=keep_asking, args=(server.url, ended)) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        code = main(
            ["probe", "watch", server.url, "--gpu", "cpu", "--seconds", "2", "--every", "0.2", "--out", str(out)]
        )
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    m, said = document(out), capsys.readouterr()
    assert code in (0, 1), said.err
    assert m.origin == "watch"
    assert all(run.kind == "live" for run in m.runs)
    assert m.declared.gpu_id == "cpu"
    assert "live traffic, by the server's counters" in said.out
    by_us = {request.path for request in server.asked if request.headers.get("User-Agent", "").startswith("llm-tco")}
    assert "/metrics" in by_us
    assert not any(path.endswith("completions") for path in by_us)


def test_a_watch_with_wrong_times_says_so_with_everything_else(server: FaultServer, capsys: Captured) -> None:
    wrong = ["--seconds", "5", "--every", "10", "--gpu", "H1000", "--api-key", "s3cret"]
    assert main(["probe", "watch", server.url, *wrong]) == 2
    err = capsys.readouterr().err
    for part in ("--every 10: give ", "--gpu: unknown GPU 'H1000'", "--api-key: a key on the command line"):
        assert part in err
    assert server.asked == []


def test_the_help_names_the_address_and_every_command(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["probe", "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for name in ("URL", "plan", "watch", "import", "show", "diff", "apply", "list", "forget", "schema"):
        assert f"\n    {name} " in said, name
    with pytest.raises(SystemExit):
        main(["probe", "URL", "--help"])
    assert "usage: planner probe " in capsys.readouterr().out


def test_the_schema_is_that_of_the_document(capsys: Captured) -> None:
    assert main(["probe", "schema"]) == 0
    assert set(json.loads(capsys.readouterr().out)["properties"]) == set(Measurement.model_fields)


def test_latencies_of_a_burst_are_not_shown_as_zero() -> None:
    burst = Flag(code="BURST_DELIVERY", severity="doubt", message="They arrived in bursts.")
    one = run(4, 400.0)
    assert "TPOT" in run_words(one)
    assert "TPOT" not in run_words(one.model_copy(update={"flags": (burst,)}))
