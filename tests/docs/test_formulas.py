"""docs/formulas.md: every function exists, its test file names it, and every formula id of the method is listed."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "docs" / "formulas.md").read_text(encoding="utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("| ")][1:]


def parts(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def found(path: str) -> object:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        return getattr(found(module), name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_the_function_exists_and_a_test_names_it(row: list[str]) -> None:
    texts = [(ROOT / test).read_text(encoding="utf-8") for test in parts(row[3])]
    for path in parts(row[2]):
        assert found(path) is not None
        assert any(path.rpartition(".")[2] in text for text in texts), f"no test of {row[3]} names {path}"


def test_every_formula_of_the_method_is_listed() -> None:
    method = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    ids = set(re.findall(r"\b(?:API|HST|RNT|OWN|WKS|CAP|SCA|BAT|OPS|FT|TIME|BE|HYB|UNC|DEC|USE|PRB)-\d+\b", method))
    assert ids - {row[0] for row in ROWS} == set()
