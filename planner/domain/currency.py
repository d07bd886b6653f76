"""The currency that amounts are shown in, with one dated rate kept in the scenario. Inside, all is US dollars."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from planner.domain.base import ShortText, Value, as_of_date
from planner.format import DOLLAR, DOLLARS, Money, shown_in

SYMBOLS = {"EUR": "\N{EURO SIGN}", "GBP": "\N{POUND SIGN}"}
"""Signs that stand for one currency alone; all others are written with their code."""
WITHOUT_CENTS = frozenset({"ISK", "JPY", "KRW"})
"""Currencies without a smaller coin (ISO 4217)."""
_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_WHOLE_DAY = 10


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no currency code; write three capital letters, such as EUR")
    if text == DOLLAR:
        raise ValueError("amounts are in US dollars already; leave the currency out")
    return text


def _day(text: str) -> str:
    if len(text) != _WHOLE_DAY:
        raise ValueError(f"{text[:20]!r} is not the day of a rate; write YYYY-MM-DD")
    as_of_date(text)
    return text


class DisplayCurrency(Value):
    """A currency with the rate of one day. The rate is kept, so that the figures stay what they were."""

    code: Annotated[str, AfterValidator(_code)] = Field(description="Its code, three capital letters (ISO 4217).")
    units_per_usd: Decimal = Field(
        gt=0, le=10**9, max_digits=18, decimal_places=8, description="What one US dollar costs in it."
    )
    as_of: Annotated[str, AfterValidator(_day)] = Field(description="Day of the rate, YYYY-MM-DD.")
    source: ShortText = Field(min_length=1, description="Who published the rate.")
    source_url: ShortText = Field("", description="Where it can be read.")

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, given: Any) -> Any:
        if isinstance(given, dict) and (missing := {"units_per_usd", "as_of", "source"} - given.keys()):
            code = given.get("code")
            named = code if isinstance(code, str) and _CODE.fullmatch(code) else "EUR"
            raise ValueError(
                f"a currency needs its rate of one day, and {', '.join(sorted(missing))} "
                f"{'is' if len(missing) == 1 else 'are'} missing; copy what `planner catalog fx {named}` prints"
            )
        return given

    def money(self) -> Money:
        """How amounts in it are written."""
        symbol = SYMBOLS.get(self.code, f"{self.code}\N{NO-BREAK SPACE}")
        return Money(self.code, symbol, self.units_per_usd, 0 if self.code in WITHOUT_CENTS else 2)

    @property
    def rate_text(self) -> str:
        """`0.895095 EUR per USD`."""
        return f"{self.units_per_usd.normalize():f} {self.code} per {DOLLAR}"


def written_in(currency: DisplayCurrency | None) -> AbstractContextManager[None]:
    """Write amounts in this currency inside the block; None: in US dollars."""
    return shown_in(DOLLARS if currency is None else currency.money())
