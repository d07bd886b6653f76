"""Find a Chromium for the browser tests, install one when there is none, and print its path."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

STDERR = 2
VARIABLE = "PLANNER_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
)
HOW_TO_INSTALL = f"""No Chromium was found, and none could be installed. One of these helps:
  Debian, Ubuntu:   sudo apt-get install chromium
  macOS, Windows:   install Google Chrome or Chromium
  anywhere:         python -m playwright install --with-deps chromium
  already there:    {VARIABLE}=/path/to/chromium"""


class NoChromiumError(Exception):
    """There is no Chromium that starts; the message says what to do."""


def find_chromium() -> Path | None:
    """Find a Chromium that starts: the one named in PLANNER_CHROMIUM, one on the PATH, or Playwright's own."""
    named = os.environ.get(VARIABLE)
    if named:
        if not starts(Path(named)):
            raise NoChromiumError(f"{VARIABLE}={named} is not a Chromium that starts: correct it, or unset it.")
        return Path(named)
    return next((path for path in candidates() if starts(path)), None)


def candidates() -> Iterator[Path]:
    """Every place where a Chromium may be, the usual ones first."""
    found = (shutil.which(name) for name in NAMES)
    yield from (Path(path) for path in found if path)
    asked = subprocess.run([sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False)
    if asked.returncode == 0 and asked.stdout.strip():
        yield Path(asked.stdout.strip())


@functools.cache
def starts(path: Path) -> bool:
    """Tell whether a browser can be started. Ubuntu's chromium-browser may be a stub that only asks for a snap."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install_commands() -> Iterator[list[list[str]]]:
    """The ways to install one here, best first; each is a list of commands."""
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        yield [["apt-get", "update"], ["apt-get", "install", "-y", "chromium"]]
    yield [[sys.executable, "-m", "playwright", "install", "chromium"]]


def run_all(commands: list[list[str]]) -> bool:
    """Run commands until one fails; tell whether all passed. What they print goes to standard error."""
    for command in commands:
        print("+", " ".join(command), file=sys.stderr)
        if subprocess.run(command, stdout=STDERR, check=False).returncode != 0:
            return False
    return True


def ensure_chromium() -> Path:
    """Find a Chromium, or install one."""
    path = find_chromium()
    for commands in install_commands():
        if path:
            break
        starts.cache_clear()
        path = find_chromium() if run_all(commands) else None
    if not path:
        raise NoChromiumError(HOW_TO_INSTALL)
    return path


def main() -> int:
    """Print the path of a Chromium, or say what to install."""
    try:
        print(ensure_chromium())
    except NoChromiumError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
