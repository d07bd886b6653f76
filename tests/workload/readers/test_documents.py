"""Steps through parsed JSON: times and counts as vendors write them, and words for what is neither."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.workload.readers.documents import as_document, children, first, micros, whole

NINE = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
NINE_S = 1_793_610_000


@pytest.mark.parametrize(
    "said",
    [
        NINE_S,
        f"{NINE_S}",
        float(NINE_S),
        NINE_S * 1000,
        NINE_S * 1_000_000,
        f"{NINE_S}000000000",
        "2026-11-02T09:00:00Z",
        "2026-11-02T10:00:00+01:00",
        "2026-11-02 09:00:00",
    ],
)
def test_one_moment_in_many_ways(said: object) -> None:
    assert micros(said) == NINE_S * 1_000_000


@given(us=st.integers(10**17 // 1000, 4 * 10**15))
def test_nanoseconds_lose_nothing_above_a_microsecond(us: int) -> None:
    assert micros(str(us * 1000 + 999)) == us


@given(ms=st.integers(0, 99))
def test_fractions_of_seconds_are_exact(ms: int) -> None:
    assert micros(f"{NINE_S}.{ms:03d}") == NINE_S * 1_000_000 + ms * 1000


@pytest.mark.parametrize("said", ["yesterday", "2026-13-01", "1.2.3"])
def test_what_is_no_time_is_named(said: str) -> None:
    with pytest.raises(ValueError, match=f"'{said}' is not a time"):
        micros(said)


@pytest.mark.parametrize(("said", "number"), [(12, 12), ("12", 12), ("12.0", 12), (12.0, 12), (None, None), ("", None)])
def test_whole_numbers_as_vendors_write_them(said: object, number: int | None) -> None:
    assert whole(said) == number


@given(number=st.integers(-(10**18), 10**18))
def test_a_long_number_written_as_text_is_exact(number: int) -> None:
    assert whole(str(number)) == number


@pytest.mark.parametrize("said", ["many", 0.5, "nan", "inf", True, [1]])
def test_what_is_no_whole_number_is_named(said: object) -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        whole(said)


def test_what_is_absent_or_of_another_kind_is_nothing() -> None:
    assert as_document(None) == as_document([1]) == as_document("{broken") == {}
    assert as_document('{"a": 1}') == {"a": 1}
    assert list(children({"a": [{"b": 1}, 2]}, "none", "a")) == [{"b": 1}]
    assert list(children({"a": {"b": 1}}, "a")) == []
    assert first({"a": None, "b": "", "c": 0}, "a", "b", "c") == 0
