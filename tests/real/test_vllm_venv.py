"""Where vLLM cannot be installed, the reason is kept and said; without it nothing is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.servers import Missing
from tests.real.vllm_venv import HOME, NAMED, CannotInstall, engine_python, install

NOWHERE = f"no-such-package-of-anybody==1.0 --hash=sha256:{'0' * 64}\n"


def test_a_package_that_no_index_has_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv(NAMED, raising=False)
    lock, home = tmp_path / "some.lock", tmp_path / "home"
    lock.write_text(NOWHERE)
    said = install(home, lock)
    assert "was not installed" in said
    assert "\n" not in said
    with pytest.raises(CannotInstall, match=r"^No matching distribution found for no-such-package-of-anybody==1\.0$"):
        engine_python(home)
    assert not (home / "bin").exists()


def test_an_environment_that_nobody_tried_to_make_is_an_error_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAMED, raising=False)
    with pytest.raises(Missing, match=r"run `make test`, which installs it"):
        engine_python(tmp_path)


def test_a_python_that_is_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMED, str(tmp_path / "python"))
    assert engine_python(HOME) == tmp_path / "python"
