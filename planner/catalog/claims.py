"""`data/claims.csv`: published claims about the cost of running models, each with its inputs and what they come to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError

from planner.catalog.catalog import DATA_DIR
from planner.catalog.rows.base import Row, Text
from planner.catalog.tables import CatalogError, Problem

ClaimVerdict = Literal["consistent", "inconsistent", "depends", "not_testable"]

ARTICLES = {
    "S0": "article on open-source AI skills",
    "S1": "article on the maturing open-source stack",
    "S2": "deployment guide",
    "S3": "overview of open models",
}
"""Where the claims were read; the claims page shows these names."""


class ClaimInput(BaseModel):
    """One figure of a claim that a reader may change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: float = Field(ge=0, description="The figure as claimed, or as assumed to check it.")
    unit: Text = Field(description="Its unit.")
    label: Text = Field(description="What it is.")


class ExpectedFigure(BaseModel):
    """One computed figure as the audit prints it: its last decimal is the precision."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: Decimal | None = Field(description="Rounded figure, written as text; null where there is none.")
    unit: Text = Field(description="Its unit.")

    @property
    def half_last_digit(self) -> float:
        """Largest difference that rounding alone explains."""
        return 0.5 * 10.0 ** int(self.value.as_tuple().exponent) if self.value is not None else 0.0


class ClaimRow(Row):
    """One claim, in our words, with what is needed to compute it again."""

    FILE: ClassVar[str] = "claims.csv"
    KEY: ClassVar[str] = "claim_id"

    claim_id: Annotated[str, Field(pattern=r"^[ABC][1-9]\d?$")] = Field(
        description="A: money and volume, B: hardware, speed and quality, C: licences."
    )
    source_ref: Annotated[str, Field(pattern=r"^S[0-3]( S[0-3])*$")] = Field(description="Articles that make it.")
    paraphrase: Text = Field(description="The claim in our words.")
    formula: str = Field("", description="Formula ids that answer it; blank: none.")
    function: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$|^$")] = Field(
        "", description="Key of the function that computes it; blank: none."
    )
    inputs: Json[dict[str, ClaimInput]] = Field(description="JSON object: name -> value, unit and label.")
    expected: Json[dict[str, ExpectedFigure]] = Field(description="JSON object: label -> printed figure and unit.")
    expected_verdict: ClaimVerdict = Field(description="What the figures say.")
    true_when: Text = Field(description="One sentence: what makes it true, or why nothing can be computed.")

    @property
    def articles(self) -> tuple[str, ...]:
        """Names of the articles that make the claim."""
        return tuple(ARTICLES[key] for key in self.source_ref.split())


def load_claims(data_dir: Path = DATA_DIR) -> tuple[ClaimRow, ...]:
    """Claims in file order; raises CatalogError with file, line and reason of everything that is wrong."""
    rows: list[ClaimRow] = []
    problems: list[Problem] = []
    for line, cells in _lines(data_dir / ClaimRow.FILE):
        try:
            rows.append(ClaimRow.model_validate(cells))
        except ValidationError as error:
            problems.extend(
                Problem(ClaimRow.FILE, line, ".".join(map(str, found["loc"])), found["msg"])
                for found in error.errors(include_url=False)
            )
        else:
            problems.extend(_repeated(line, rows))
    if problems:
        raise CatalogError(problems)
    return tuple(rows)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and filled cells of each line; cells beyond the header are under their place, which no column has."""
    if not path.is_file():
        raise CatalogError([Problem(path.name, 0, "", f"no such file in {path.parent}")])
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        for cells in reader:
            names = [*header, *(f"cell {n + 1}" for n in range(len(header), len(cells)))]
            yield reader.line_num, {name: cell for name, cell in zip(names, cells, strict=False) if cell}


def _repeated(line: int, rows: list[ClaimRow]) -> Iterator[Problem]:
    """The newest row's id, when an earlier row has it."""
    newest = rows[-1].claim_id
    if any(row.claim_id == newest for row in rows[:-1]):
        yield Problem(ClaimRow.FILE, line, "claim_id", f"{newest!r} is already used above")
