"""What a fleet, or any option paid by the month, costs over the time of a log: its monthly bill, day for day."""

from __future__ import annotations

from planner.decision.log_price import EmptyLog
from planner.decision.log_time import Covers, log_time
from planner.decision.log_values import LogPrice, MonthBill
from planner.domain.result import OptionResult
from planner.units import CALENDARS, CalendarName
from planner.workload.rollup import Rollup


class NoBill(LookupError):
    """The option cannot be priced; `result` says why."""

    def __init__(self, result: OptionResult) -> None:
        reasons = " ".join(f"{reason.message} {reason.remedy}" for reason in result.reasons)
        super().__init__(f"{result.label} has no price: {reasons}")
        self.result = result


def on_fleet(rollup: Rollup, result: OptionResult, calendar: CalendarName, *, covers: Covers | None = None) -> LogPrice:
    """The option's bill of a month, as it was evaluated, for the days that the log covers.

    It pays for time, busy or idle, so it is not shared out over models here. Raises EmptyLog, NoBill.
    """
    if not rollup.size:
        raise EmptyLog
    if result.usd_per_month is None:
        raise NoBill(result)
    time = log_time(rollup, covers)
    month_days = CALENDARS[calendar].days_per_month
    bills = tuple(_bill(month.name, month.days, result.usd_per_month / month_days) for month in time.months)
    usd = sum(bill.usd for bill in bills)
    tokens = int(rollup.prompt_tokens.sum() + rollup.sums["output_tokens"].sum())
    return LogPrice(
        question=f"all of it on {result.label}",
        way="fleet",
        priced_on="as evaluated",
        first_on=time.first_on,
        last_on=time.last_on,
        days=time.days,
        tokens=tokens,
        unpriced_tokens=0,
        usd=usd,
        usd_high=usd,
        lines=(),
        bills=bills,
        notes=(
            (
                f"Its bill of a month ({month_days:g} days) without one-offs, for the {time.days:,.2f} days that the "
                "log covers: people and idle time are in it."
            ),
            *result.warnings,
        ),
    )


def _bill(name: str, days: float, usd_per_day: float) -> MonthBill:
    return MonthBill(month=name, days=days, list_usd=usd_per_day * days, usd=usd_per_day * days)
