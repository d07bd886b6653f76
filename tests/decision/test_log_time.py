"""Days and months of a log: what it covers, to the microsecond and to the day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.decision.log_time import log_time
from tests.usage_logs import log, row

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))


@given(st.lists(st.tuples(DAYS, st.integers(0, 23)), min_size=1, max_size=10))
def test_every_row_lies_in_its_day_and_month_and_the_shares_are_the_days(rows: list[tuple[dt.date, int]]) -> None:
    rollup = log(*(row(day.isoformat(), hour=hour) for day, hour in rows))
    time = log_time(rollup)
    for place, (day, _) in enumerate(sorted(rows)):
        assert time.first_on + dt.timedelta(days=int(time.day_of[place])) == day
        assert time.months[int(time.month_of[place])].name == f"{day:%Y-%m}"
    assert float(time.day_shares().sum()) == pytest.approx(time.days)
    assert all(0 <= share <= 1 for share in time.day_shares().tolist())
    assert (time.first_on, time.last_on) == (min(rows)[0], max(rows)[0])


def test_a_log_of_noon_to_noon_covers_one_day_in_two_months() -> None:
    time = log_time(log(row("2026-10-31", hour=12), row("2026-11-01", hour=12)))
    assert [(month.name, round(month.days, 3)) for month in time.months] == [("2026-10", 0.5), ("2026-11", 0.501)]


def test_a_log_that_begins_and_ends_within_an_hour_of_midnight_covers_whole_days() -> None:
    time = log_time(log(row("2026-10-01", hour=0), row("2026-10-31", hour=23)))
    assert (time.days, time.months[0].share) == (31, 1)


def test_buckets_last_as_long_as_they_are() -> None:
    daily = log(row("2026-10-01", hour=0, bucket_s=86_400), row("2026-10-02", hour=0, bucket_s=86_400))
    assert log_time(daily).days == 2


def test_the_days_that_an_export_is_of_are_taken_as_said_and_never_cut_the_log() -> None:
    quiet = log(row("2026-10-10"))
    said = log_time(quiet, (dt.date(2026, 9, 1), dt.date(2026, 10, 31)))
    assert [(month.name, month.days) for month in said.months] == [("2026-09", 30), ("2026-10", 31)]
    assert said.months[int(said.month_of[0])].name == "2026-10"
    assert log_time(quiet, (dt.date(2026, 10, 11), dt.date(2026, 10, 11))).days == pytest.approx(1.5)
