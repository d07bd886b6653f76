"""The one base of every value that crosses a door: unknown fields refused, frozen, no NaN and no infinity."""

from __future__ import annotations

import datetime as dt
import re
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


_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2200, 1, 1)


def as_of_date(text: str) -> dt.date:
    """Day that `YYYY`, `YYYY-MM` or `YYYY-MM-DD` stands for: the first one of the period."""
    match = _PARTIAL_DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is not a date: write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (int(part or 1) for part in match.groups())
    return dt.date(year, month, day)


def _date_or_empty(text: str) -> str:
    if text:
        as_of_date(text)
    return text


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
ShortText = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
LongText = Annotated[str, Field(max_length=4000), AfterValidator(_printable)]
DateText = Annotated[str, Field(max_length=10), AfterValidator(_date_or_empty)]
"""YYYY, YYYY-MM, YYYY-MM-DD, or empty when undated."""
PriceDay = Annotated[dt.date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""A day that prices can be asked for."""

Usd = Annotated[float, PlainSerializer(lambda v: str(money(v)), return_type=str, when_used="json")]
"""Dollars inside the model; to the cent, rounded once, in JSON."""
UsdSmall = Annotated[float, PlainSerializer(lambda v: str(round_significant(v, 4)), return_type=str, when_used="json")]
"""A unit price inside the model; four significant digits in JSON."""
Price = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=8)]
"""A price as its source states it, exact."""
Rate = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 13, decimal_places=8)]
"""A price after its multipliers."""

Origin = Literal["measured", "published", "modelled", "assumed"]
Confidence = Literal["high", "medium", "low"]
