"""What pricing a log answers: values for pages, files and the command line. Amounts are US dollars."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from planner.domain.base import DateText, LongText, ShortText, Usd, Value
from planner.domain.facts import Reason

Count = Annotated[int, Field(ge=0)]


SHORT, LONG = 200, 4000
"""Longest texts that a value holds."""


def plain_name(text: str, longest: int = LONG) -> str:
    """A name out of a log as a value can hold it: control characters as spaces, and not longer than that."""
    return "".join(c if c.isprintable() else " " for c in text)[:longest]


class LogLine(Value):
    """One month of one model (and owner) of a log, with what it costs."""

    month: ShortText = Field(description="YYYY-MM, UTC.")
    model: LongText = Field(description="As the export names it.")
    owner: LongText = Field("", description="Who is answerable; empty when nobody is named, or not asked for.")
    requests: Count | None = Field(description="Requests; empty when the export does not count them.")
    fresh_input_tokens: Count = Field(description="Prompt tokens outside every cache.")
    cached_input_tokens: Count = Field(description="Prompt tokens read from a cache.")
    cache_write_tokens: Count = Field(description="Prompt tokens written to a cache, of either life.")
    output_tokens: Count = Field(description="Generated, reasoning included.")
    unpriced_tokens: Count = Field(description="Of all these, tokens without a price.")
    usd: Usd | None = Field(description="Cost of the others; the lower bound where it is not exact; empty: none has.")
    usd_high: Usd | None = Field(description="The upper bound; the same where it is exact.")

    @property
    def tokens(self) -> int:
        """Prompt and output."""
        prompt = self.fresh_input_tokens + self.cached_input_tokens + self.cache_write_tokens
        return prompt + self.output_tokens


class UnpricedPart(Value):
    """A part of the log without a price, why, and the way out."""

    model: LongText = Field(description="As the export names it.")
    service_tier: ShortText = Field(description="As the log has it.")
    requests: Count | None = Field(description="Requests in it.")
    input_tokens: Count = Field(description="Prompt tokens in it.")
    output_tokens: Count = Field(description="Output tokens in it.")
    reason: Reason = Field(description="Why, and the way out.")


class PriceUsed(Value):
    """A price that the log was priced at, with its source."""

    model: LongText = Field(description="Model of the log; empty when it is for all of them.")
    offer: LongText = Field(description="What is bought, where.")
    how: ShortText = Field("", description="What the model's name was found by.")
    first_on: dt.date = Field(description="First day of the log at this price.")
    last_on: dt.date = Field(description="Last day of the log at this price.")
    rates: LongText = Field(description="USD per 1M tokens, in words.")
    source: LongText = Field("", description="Who says so.")
    source_url: LongText = Field("", description="Where it can be read.")
    as_of: DateText = Field("", description="Day the source was read.")
    row: LongText = Field("", description="Row of the catalog; empty when typed in.")


class MonthBill(Value):
    """A month's list spend and what a contract makes of it."""

    month: ShortText = Field(description="YYYY-MM, UTC.")
    days: float = Field(ge=0, description="Days of it that the log covers.")
    list_usd: Usd = Field(description="At the prices per token.")
    usd: Usd = Field(description="After discounts and commitments.")


class LogPrice(Value):
    """The cost of a log by one way to buy it."""

    question: LongText = Field(description="What was priced.")
    way: Literal["per_token", "fleet"] = Field("per_token", description="per_token, or a fleet paid by time.")
    priced_on: ShortText = Field(description="Day of the prices, or that each day has its own.")
    first_on: dt.date = Field(description="First day of the log, UTC.")
    last_on: dt.date = Field(description="Last day of the log.")
    days: float = Field(description="Days that the log covers.")
    tokens: Count = Field(description="Prompt and output tokens of the log.")
    unpriced_tokens: Count = Field(description="Of these, without a price.")
    usd: Usd | None = Field(
        description="Cost of what has a price; lower bound where not exact; empty: nothing has one."
    )
    usd_high: Usd | None = Field(description="Upper bound; the same where it is exact.")
    lines: tuple[LogLine, ...] = Field(description="Month by month and model by model.")
    unpriced: tuple[UnpricedPart, ...] = Field((), description="What has no price, and why.")
    prices: tuple[PriceUsed, ...] = Field((), description="The prices, with their sources.")
    bills: tuple[MonthBill, ...] = Field((), description="Bills by month: of a contract, or of a fleet.")
    notes: tuple[LongText, ...] = Field((), description="What a reviewer should know.")

    @property
    def exact(self) -> bool:
        """Whether there is one amount, not two bounds."""
        return self.usd == self.usd_high

    @property
    def whole(self) -> bool:
        """Whether everything has a price."""
        return self.unpriced_tokens == 0 and not self.unpriced


class Reconciled(Value):
    """One model's month in one currency: what the export says it cost, and what the list prices say."""

    currency: ShortText = Field(description="Currency of the export's cost; empty where it states none.")
    month: ShortText = Field(description="YYYY-MM, UTC.")
    model: LongText = Field(description="As the export names it.")
    billed: float | None = Field(description="Amount in that currency; empty where the export states none.")
    billed_usd: Usd | None = Field(description="The same in US dollars; empty when there is no rate.")
    computed_usd: Usd | None = Field(description="At list prices; lower bound where not exact; empty without a price.")
    computed_high_usd: Usd | None = Field(description="Upper bound; the same where it is exact.")
    unpriced_tokens: Count = Field(description="Tokens that the computed amount leaves out.")
    rows_without_cost: Count = Field(description="Rows of usage with tokens whose cost the export does not state.")
    reasons: tuple[LongText, ...] = Field((), description="What explains a difference.")

    @property
    def exact(self) -> bool:
        """Whether the computed amount is one figure, not two bounds."""
        return self.computed_usd == self.computed_high_usd

    @property
    def difference_usd(self) -> float | None:
        """Billed minus computed: positive when more was billed than the list says."""
        if self.billed_usd is None or self.computed_usd is None:
            return None
        return self.billed_usd - self.computed_usd

    @property
    def difference_fraction(self) -> float | None:
        """Of the computed amount."""
        if self.difference_usd is None or not self.computed_usd:
            return None
        return self.difference_usd / self.computed_usd


class Reconciliation(Value):
    """All of a log, and what the differences have in common."""

    lines: tuple[Reconciled, ...] = Field(description="Currency, month and model.")
    notes: tuple[LongText, ...] = Field((), description="Rates used, and what explains the differences.")

    @property
    def stated(self) -> bool:
        """Whether the export states any cost."""
        return any(line.billed is not None for line in self.lines)
