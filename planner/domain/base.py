"""The one base of every value that crosses a door: unknown fields refused, frozen, no NaN and no infinity."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from planner.units import money, round_significant


class Value(BaseModel):
    """A frozen value; a change is a new value."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=False)


def _printable(text: str) -> str:
    if any(ord(c) < 32 and c not in "\n\t" for c in text):
        raise ValueError("control characters are not allowed; type plain text")
    return text


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
ShortText = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
LongText = Annotated[str, Field(max_length=4000), AfterValidator(_printable)]

Usd = Annotated[float, PlainSerializer(lambda v: str(money(v)), return_type=str, when_used="json")]
"""Dollars inside the model; to the cent, rounded once, in JSON."""
UsdSmall = Annotated[float, PlainSerializer(lambda v: str(round_significant(v, 4)), return_type=str, when_used="json")]
"""A unit price inside the model; four significant digits in JSON."""
Price = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=8)]
"""A price as its source states it, exact."""
Rate = Annotated[Decimal, Field(ge=0, decimal_places=8)]
"""A price after its multipliers."""

Origin = Literal["measured", "published", "modelled", "assumed"]
Confidence = Literal["high", "medium", "low"]
