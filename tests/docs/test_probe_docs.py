"""docs/probe.md keeps up with the code: every flag, failure and status with its way out."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import get_args

import pytest

from planner.cli.probe import COMMANDS, add_probe
from planner.domain.measured_run import ErrorKind, FlagCode
from planner.domain.measurement import Measurement, Status

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "probe.md").read_text(encoding="utf-8")


OF_THE_SERVER = {"--max-model-len"}
"""Flags of vLLM that the guide names too."""


def rows(head: str) -> dict[str, list[str]]:
    """Rows of the table whose first column is called so: the code, and its other cells."""
    _, _, rest = GUIDE.partition(f"\n| {head} |")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


@pytest.mark.parametrize(
    ("head", "codes", "columns"),
    [("Flag", get_args(FlagCode), 2), ("Failure", get_args(ErrorKind), 2), ("Status", get_args(Status), 1)],
)
def test_every_code_has_a_row_and_nothing_else_has(head: str, codes: tuple[str, ...], columns: int) -> None:
    found = rows(head)
    assert sorted(found) == sorted(codes)
    assert all(len(cells) == columns and all(len(cell) > 10 for cell in cells) for cells in found.values())


def arguments_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every flag of a parser and of the commands under it."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {flag for under in action.choices.values() for flag in arguments_of(under)}
    return found


def test_every_argument_that_the_guide_names_exists() -> None:
    parser = argparse.ArgumentParser()
    add_probe(parser)
    named = set(re.findall(r"`?(--[a-z][a-z-]+)", GUIDE)) - OF_THE_SERVER
    assert len(named) > 15
    assert named - arguments_of(parser) == set()


def test_every_command_is_in_the_guide() -> None:
    assert [name for name in COMMANDS if not re.search(rf"`?planner probe {name}\b", GUIDE)] == []


def test_every_part_of_the_document_is_in_the_guide() -> None:
    assert [name for name in Measurement.model_fields if f"`{name}`" not in GUIDE] == []
