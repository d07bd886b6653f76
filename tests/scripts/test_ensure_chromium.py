import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import ensure_chromium as ec


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No browser anywhere, and no way to install one, until a test brings it."""
    ec.starts.cache_clear()
    monkeypatch.delenv(ec.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ec, "ASK_PLAYWRIGHT", "print('')")
    monkeypatch.setattr(ec, "install_commands", lambda: iter([]))


def browser(path: Path, exit_code: int = 0) -> Path:
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_named_one_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser(tmp_path / "chromium")
    named = browser(tmp_path / "mine")
    monkeypatch.setenv(ec.VARIABLE, str(named))

    assert ec.find_chromium() == named


def test_a_wrong_name_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    browser(tmp_path / "chromium")
    monkeypatch.setenv(ec.VARIABLE, str(tmp_path / "missing"))

    assert ec.main() == 1
    assert "PLANNER_CHROMIUM" in capsys.readouterr().err


@pytest.mark.parametrize("name", ec.NAMES)
def test_found_on_the_path(tmp_path: Path, name: str) -> None:
    present = browser(tmp_path / name)

    assert ec.find_chromium() == present


def test_a_stub_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    browser(tmp_path / "chromium", exit_code=1)
    working = browser(tmp_path / "google-chrome")

    assert ec.find_chromium() == working


def test_playwrights_own_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = browser(tmp_path / "chrome-of-playwright")
    monkeypatch.setattr(ec, "ASK_PLAYWRIGHT", f"print({str(own)!r})")

    assert ec.find_chromium() == own


def test_installed_when_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = browser(tmp_path / "downloaded")
    copy = f"import shutil; shutil.copy({str(source)!r}, {str(tmp_path / 'chromium')!r})"
    failing = [[sys.executable, "-c", "raise SystemExit(1)"], ["never-reached"]]
    monkeypatch.setattr(ec, "install_commands", lambda: iter([failing, [[sys.executable, "-c", copy]]]))

    assert ec.main() == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "chromium")


def test_says_what_to_do_when_nothing_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert ec.main() == 1
    assert "playwright install" in capsys.readouterr().err


def test_the_script_runs_by_itself() -> None:
    found = subprocess.run(
        [sys.executable, ec.__file__], env={ec.VARIABLE: shutil.which("true", path="/bin:/usr/bin") or ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert found.stdout.strip().endswith("true")


def test_root_on_debian_uses_apt_then_playwright(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    browser(tmp_path / "apt-get")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    ways = list(ec.install_commands())

    assert [way[-1][0] for way in ways] == ["apt-get", sys.executable]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert len(list(ec.install_commands())) == 1
