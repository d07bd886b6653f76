"""`data/claims.csv`: published claims about the cost of running models, each with its inputs and what they come to."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, Json

from planner.catalog.catalog import DATA_DIR
from planner.catalog.rows.base import Row, Text
from planner.catalog.sheets import read_rows

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
    return read_rows(ClaimRow, data_dir / ClaimRow.FILE)
