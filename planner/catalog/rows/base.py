"""The rows of the tables in `data/`: one frozen type per table, one field per column, units in the names.

A blank cell is an absent value: text becomes "", a figure becomes None. Nothing is filled in.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic import field_validator as check

from planner.domain.base import Origin, as_of_date


def _known_by(text: str, info: ValidationInfo) -> str:
    """Refuse a date after the day in the validation context (`on`), when there is one."""
    on = (info.context or {}).get("on")
    if on is not None and as_of_date(text) > on:
        raise ValueError(f"{text} is after {on}: a figure cannot be known before its date")
    as_of_date(text)
    return text


def _web_address(text: str) -> str:
    """Refuse a source address that a browser cannot open."""
    if not re.match(r"https?://[^\s/]+\.\S+$", text):
        raise ValueError(f"{text!r} is not an http(s) address")
    return text


Text = Annotated[str, Field(min_length=1)]
PartialDate = Annotated[str, AfterValidator(_known_by)]
Url = Annotated[str, AfterValidator(_web_address)]
"""An address that a browser can open."""


def _per_mtok(price: Decimal) -> Decimal:
    """Refuse a price that is plainly in another unit."""
    if price and price < Decimal("0.0005"):
        raise ValueError(f"{price:f} looks like USD per token or per 1K tokens; write USD per 1M tokens")
    if price > 5000:
        raise ValueError(f"{price:f} is too much for 1M tokens; write USD per 1M tokens, not cents")
    return price


def _per_gpu_hour(price: float) -> float:
    """Refuse a price that is plainly in another unit."""
    if not 0.02 <= price <= 100:
        raise ValueError(f"{price:g} is no price of one GPU for one hour; write USD per GPU and hour, not of a node")
    return price


UsdPerMtok = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=8), AfterValidator(_per_mtok)]
"""USD per 1M tokens."""
UsdPerGpuHour = Annotated[float, Field(gt=0), AfterValidator(_per_gpu_hour)]
"""USD for one GPU for one hour."""


class Row(BaseModel):
    """One line of a table; the class says which file it belongs to and how its columns refer to other tables."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    FILE: ClassVar[str]
    KEY: ClassVar[str]
    REFERENCES: ClassVar[dict[str, str]] = {}
    THING: ClassVar[tuple[str, ...]] = ()
    """Columns that together say what is priced and when; no two rows may agree in all of them."""


class SourcedRow(Row):
    """A row whose figures say where they come from; only an assumed one may lack a URL, and then gives its reason."""

    origin: Origin = Field(description="measured, published, modelled (computed from published figures) or assumed.")
    as_of: PartialDate = Field(description="Date on which it was true: YYYY, YYYY-MM or YYYY-MM-DD.")
    source: Text = Field(description="Who says so; second-hand reading is said here.")
    source_url: str = Field("", validate_default=True, description="Where it can be read; may be blank when assumed.")
    note: str = Field(
        "", validate_default=True, description="What a reviewer should know; the reason of an assumption."
    )

    @check("source_url")
    @classmethod
    def _url_unless_assumed(cls, url: str, info: ValidationInfo) -> str:
        if url:
            return _web_address(url)
        if info.data.get("origin") in ("measured", "published", "modelled"):
            raise ValueError(
                f"a {info.data['origin']} figure needs an http(s) address; only an assumed one may lack it"
            )
        return url

    @check("note")
    @classmethod
    def _reason_when_assumed(cls, note: str, info: ValidationInfo) -> str:
        if info.data.get("origin") == "assumed" and not note:
            raise ValueError("an assumed figure needs its reason in the note")
        return note


def columns(row: type[Row]) -> frozenset[str]:
    """Column names a table of these rows must have."""
    return frozenset(row.model_fields)


def context(on: dt.date | None) -> dict[str, object]:
    """Validation context for `model_validate`: no row may be dated after `on`."""
    return {"on": on}
