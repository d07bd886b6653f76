"""A pasted table of points: any separator, names in any order, and every wrong line told at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.domain.calibration_text import PointsError, parse_points, points_text
from planner.domain.serving import CalibrationPoint

POINTS = st.lists(
    st.builds(
        CalibrationPoint,
        requests_in_flight=st.floats(1, 1e6),
        output_tokens_per_s=st.floats(1e-3, 1e9),
        ttft_ms=st.none() | st.floats(1e-3, 1e7),
        tpot_ms=st.none() | st.floats(1e-3, 1e6),
    ),
    min_size=1,
    max_size=8,
).map(tuple)


@given(POINTS)
def test_points_written_as_text_read_back_the_same(points: tuple[CalibrationPoint, ...]) -> None:
    assert parse_points(points_text(points)) == points


@pytest.mark.parametrize(
    "text",
    [
        "1, 95\n16, 1180",
        "1 95\n\n16 1180\n",
        "1;95\n16;1180",
        "out_tok_s\tconcurrency\n95\t1\n1180\t16",
        "Max concurrency, Output throughput, note\n1, 95, first\n16, 1180, second",
    ],
)
def test_the_ways_people_write_a_table(text: str) -> None:
    found = parse_points(text)
    assert [(p.requests_in_flight, p.output_tokens_per_s) for p in found] == [(1, 95), (16, 1180)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "There are no points."),
        ("concurrency, total_token_throughput\n1, 95", "counts prompt tokens too"),
        ("concurrency, ttft_ms\n1, 95", "There is no column output_tokens_per_s"),
        ("concurrency, out_tok_s", "no points below them"),
        ("0.5, 95", "at least 1 request in flight"),
    ],
)
def test_a_table_that_gives_no_points(text: str, told: str) -> None:
    with pytest.raises(PointsError, match=told):
        parse_points(text)


def test_every_wrong_line_is_told() -> None:
    with pytest.raises(PointsError) as caught:
        parse_points("1, 95\n2, many\n3\n-4, 5\n5, inf")
    told = str(caught.value)
    assert "Line 2: output_tokens_per_s 'many' is no number above 0" in told
    assert "Line 3: output_tokens_per_s ''" in told
    assert "Line 4: requests_in_flight '-4'" in told
    assert "Line 5: output_tokens_per_s 'inf'" in told
