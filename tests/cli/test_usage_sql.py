"""`planner usage sql` prints the texts of an import without any engine."""

from __future__ import annotations

import pytest
import sqlglot

from planner.cli.main import main

COMMAND = ["usage", "sql", "--table", "prod.public.logs"]


@pytest.mark.parametrize("dialect", ["postgres", "bigquery", "snowflake"])
def test_every_text_is_printed_in_the_dialect(dialect: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--dialect", dialect, "--format", "litellm", "--threshold", "200000"]) == 0
    out, err = capsys.readouterr()
    printed = [text for text in sqlglot.parse(out, read=dialect) if text is not None]
    assert len(printed) == 8
    assert "context_tokens > 200000" in out
    assert "types of columns are guessed" in err


def test_types_that_are_given_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    columns = ["timestamp=timestamptz", "model=text", "input_tokens=bigint", "output_tokens=bigint"]
    given = [word for column in columns for word in ("--column", column)]
    period = ["--since", "2026-10-01", "--before", "2026-11-01"]
    assert main([*COMMAND, "--dialect", "bigquery", "--format", "plain", *given, *period]) == 0
    out, err = capsys.readouterr()
    assert "`timestamp` >= CAST('2026-09-30 00:00:00+00:00' AS TIMESTAMP)" in out
    assert err == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--format", "nothing"], "is no format of a table"),
        (["--format", "plain", "--column", "model"], "write NAME=TYPE"),
    ],
)
def test_what_is_wrong_is_said(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--dialect", "trino", *more]) == 2
    assert said in capsys.readouterr().err
