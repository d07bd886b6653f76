"""Columns as SQL: what a text says is read exactly or rejected, whatever engine's type it comes in."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.workload.readers.base import About, TableReader, hashed, owner_column, owner_sql
from planner.workload.readers.cells import Cells
from planner.workload.readers.checks import reason, reason_sql
from planner.workload.readers.sql import kind_of, minus, plus, text_literal
from tests.workload.readers.rows_of import Duck

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def value(cells: Cells, sql: str, *texts: str | None, column: str = "x") -> list[tuple[Any, str | None]]:
    """What the SQL gives for each text, and the reason when it is a reject."""
    rows = ", ".join(f"({n}, {'NULL' if t is None else text_literal(t)})" for n, t in enumerate(texts))
    query = f'SELECT {sql}, {reason_sql(cells.checks)} FROM (VALUES {rows}) AS t(n, "{column}") ORDER BY n'
    with Duck() as duck:
        return [(found, why) for found, why in duck.rows(query)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30))
def test_every_whole_number_of_64_bits_is_read_exactly_also_with_blanks_and_a_point(numbers: list[int]) -> None:
    cells = Cells.of_text(["x"])
    texts = [form.format(n) for n in numbers for form in ("{}", "  {} ", "{}.0")]
    assert value(cells, cells.integer("x"), *texts) == [(n, None) for n in numbers for _ in range(3)]


@pytest.mark.parametrize("text", ["1.5", "abc", "1,234", "NaN", "inf", "99999999999999999999", "=1+1"])
def test_a_filled_cell_that_is_no_whole_number_is_a_reject_with_its_column(text: str) -> None:
    cells = Cells.of_text(["x"])
    assert value(cells, cells.integer("x"), text)[0][1] == "x is not a whole number"


@pytest.mark.parametrize("text", ["", "   ", None])
def test_an_empty_cell_is_unknown_and_no_reject(text: str) -> None:
    cells = Cells.of_text(["x"])
    for sql in (cells.integer("x"), cells.nano("x"), cells.instant("x"), cells.name("x")):
        assert value(cells, sql, text) == [(None, None)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.decimals(-(10**6), 10**6, places=12), min_size=1, max_size=30))
def test_money_is_read_to_the_billionth_rounded_half_away_from_zero(amounts: list[Decimal]) -> None:
    cells = Cells.of_text(["x"])
    exact = [int((a * 10**9).quantize(Decimal(1), rounding=ROUND_HALF_UP)) for a in amounts]
    assert value(cells, cells.nano("x"), *map(str, amounts)) == [(n, None) for n in exact]


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("0.003835980000000000000000000000", 3_835_980),
        ("1e-06", 1_000),
        ("1.5E2", 150_000_000_000),
        ("12345678901234", None),
        ("free", None),
        ("nan", None),
    ],
)
def test_amounts_come_in_every_way_that_vendors_write_them(text: str, nano: int | None) -> None:
    cells = Cells.of_text(["x"])
    (found, why), *_ = value(cells, cells.nano("x"), text)
    assert (found, why) == (nano, None if nano is not None else "x is not a number")


@settings(max_examples=25, deadline=None)
@given(st.integers(1_420_000_000_000_000, 2_840_000_000_000_000), st.integers(-14, 14))
def test_a_time_is_the_same_in_iso_text_of_any_offset_and_as_an_epoch_of_any_unit(us: int, hours: int) -> None:
    cells, moment = Cells.of_text(["x"]), EPOCH + dt.timedelta(microseconds=us)
    there = moment.astimezone(dt.timezone(dt.timedelta(hours=hours)))
    exact = [there.isoformat(), str(there), moment.isoformat().replace("+00:00", "Z"), str(moment)[:-6], str(us)]
    exact += [f"{us // 10**6}.{us % 10**6:06d}", f"{us}000"]
    assert value(cells, cells.instant("x"), *exact) == [(us, None)] * len(exact)
    assert value(cells, cells.instant("x"), str(us // 1000)) == [(us // 1000 * 1000, None)]


def test_a_date_alone_begins_at_midnight_and_what_is_no_time_is_a_reject() -> None:
    cells = Cells.of_text(["x"])
    midnight = (dt.datetime(2026, 8, 1, tzinfo=dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)
    assert value(cells, cells.instant("x"), "2026-08-01", "9/1/2026", "yesterday") == [
        (midnight, None),
        (None, "x is not a time"),
        (None, "x is not a time"),
    ]


def test_a_time_without_a_zone_is_read_in_the_zone_that_is_told() -> None:
    """9:00 in Berlin is 7:00 UTC in summer and 8:00 in winter; a time with a zone of its own stays what it says."""
    cells = Cells.of_text(["x"], zone="Europe/Berlin")
    found = value(cells, cells.instant("x"), "2026-07-01 09:00", "2026-12-01T09:00:00", "2026-07-01T09:00:00Z")
    hours = [dt.datetime.fromtimestamp(us / 10**6, dt.UTC).hour for us, _ in found]
    assert hours == [7, 8, 9]


@pytest.mark.parametrize("zone", ["Europe/Berlin'); DROP TABLE x; --", ""])
def test_a_zone_that_is_no_name_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        Cells.of_text(["x"], zone=zone)


@pytest.mark.parametrize(
    ("literal", "sql_type"),
    [
        ("TIMESTAMP '2026-10-01 09:00:00'", "TIMESTAMP"),
        ("TIMESTAMPTZ '2026-10-01 11:00:00+02'", "TIMESTAMP WITH TIME ZONE"),
        ("1790845200", "BIGINT"),
        ("1790845200.0", "DOUBLE"),
        ("1790845200000", "UBIGINT"),
        ("'2026-10-01T09:00:00Z'", "VARCHAR"),
    ],
)
def test_a_typed_time_is_the_same_as_its_text(literal: str, sql_type: str) -> None:
    cells = Cells.of_typed({"x": sql_type})
    with Duck() as duck:
        assert duck.rows(f"SELECT {cells.instant('x')} FROM (SELECT CAST({literal} AS {sql_type}) AS x)") == [
            (1_790_845_200_000_000,)
        ]


@pytest.mark.parametrize(
    ("literal", "found"), [("12.0", (12, None)), ("12.5", "x"), ("'NaN'::DOUBLE", "x"), ("1e30", "x"), ("NULL", None)]
)
def test_a_typed_number_that_is_not_whole_is_a_reject_and_never_an_error(literal: str, found: Any) -> None:
    cells = Cells.of_typed({"x": "DOUBLE"})
    sql = cells.integer("x")
    with Duck() as duck:
        ((number, why),) = duck.rows(
            f"SELECT {sql}, {reason_sql(cells.checks)} FROM (SELECT CAST({literal} AS DOUBLE) AS x)"
        )
    expected = {"x": "x is not a whole number"}.get(str(found))
    assert why == expected
    if expected is None:
        assert number == (found[0] if isinstance(found, tuple) else None)


@pytest.mark.parametrize(
    ("sql_type", "kind"),
    [
        ("INTEGER", "number"),
        ("bigint", "number"),
        ("UBIGINT", "decimal"),
        ("DECIMAL(18,3)", "decimal"),
        ("numeric", "decimal"),
        ("FLOAT64", "decimal"),
        ("double precision", "decimal"),
        ("character varying(200)", "text"),
        ("STRING", "text"),
        ("TIMESTAMP_NS", "time"),
        ("timestamp(3) without time zone", "time"),
        ("timestamp(3) with time zone", "time with zone"),
        ("TIMESTAMPTZ", "time with zone"),
        ("TIMESTAMP_LTZ(9)", "time with zone"),
        ("DATE", "time"),
        ("jsonb", "json"),
        ("MAP(VARCHAR, UBIGINT)", "other"),
        ('STRUCT("input" BIGINT)', "other"),
        ("BIGINT[]", "other"),
        ("BOOLEAN", "other"),
        ("UUID", "other"),
    ],
)
def test_types_of_every_engine_have_a_kind(sql_type: str, kind: Any) -> None:
    assert kind_of(sql_type) == kind


@pytest.mark.parametrize(
    ("literal", "sql_type"),
    [
        ('\'{"a": {"b.c": 5}, "d": 7}\'', "VARCHAR"),
        ('\'{"a": {"b.c": 5}, "d": 7}\'', "JSON"),
        ("MAP {'d': 7}", "MAP(VARCHAR, UBIGINT)"),
        ("{'d': 7}", "STRUCT(d BIGINT)"),
        ("{'a': {'x': 1}, 'd': 7}", "STRUCT(a STRUCT(x BIGINT), d BIGINT)"),
    ],
)
def test_a_dotted_name_reaches_into_json_maps_and_structs_alike(literal: str, sql_type: str) -> None:
    cells = Cells.of_typed({"Usage": sql_type})
    with Duck() as duck:
        query = f"SELECT {cells.integer('usage.d')}, {cells.integer('usage.none')}"
        assert duck.rows(f'{query} FROM (SELECT CAST({literal} AS {sql_type}) AS "Usage")') == [(7, None)]


def test_a_text_that_should_be_json_and_is_not_is_a_reject() -> None:
    cells = Cells.of_text(["usage"])
    found = value(cells, cells.integer("usage.d"), '{"d": 1}', '{"d": ', "", column="usage")
    assert found == [(1, None), (None, "usage is not JSON"), (None, None)]


def test_a_line_of_json_is_read_by_paths_also_those_that_its_head_did_not_show() -> None:
    cells = Cells.of_json_lines(["input.inputTokenCount", ("attributes", "gen_ai.usage.input_tokens"), "modelId"])
    line = '{"input": {"inputTokenCount": 5, "later": 6}, "attributes": {"gen_ai.usage.input_tokens": 7}}'
    names = ("INPUT.inputtokencount", "input.later", "attributes.gen_ai.usage.input_tokens", "modelId")
    query = ", ".join(cells.text(name) for name in names)
    with Duck() as duck:
        assert duck.rows(f"SELECT {query} FROM (SELECT {text_literal(line)}::JSON AS json)") == [("5", "6", "7", "")]
    assert not cells.has("output.tokens")


def test_the_first_of_several_names_counts_and_one_inside_a_column_only_when_none_is_a_column() -> None:
    cells = Cells.of_text(["metadata", "Team_Id"])
    assert cells.first("metadata.team", "team_id") == "team_id"
    assert cells.first("metadata.team", "nothing") == "metadata.team"
    assert cells.first("nothing", "none") is None


def test_sums_of_unknown_parts_are_unknown_and_an_unknown_part_takes_nothing_away() -> None:
    with Duck() as duck:
        query = f"SELECT {plus('a', 'b')}, {minus('a', 'b')} FROM (VALUES (1, 2), (1, NULL), (NULL, NULL)) AS t(a, b)"
        assert duck.rows(query) == [(3, -1), (1, 1), (None, None)]


def a_reader(**changes: Any) -> TableReader:
    about = About("a", "A format", "request", cached_inside_input=True, source_url="", checked="documentation")
    owners = {"team": ("team_alias", "team_id"), "key": ("alias", "api_key"), "user": ("user",)}
    return TableReader(about, frozenset({"x"}), select=lambda cells: {}, **{"owners": owners, **changes})


def test_an_owner_is_the_first_column_that_is_filled_in_the_row() -> None:
    reader, cells = a_reader(), Cells.of_text(["team_alias", "team_id"])
    sql = owner_sql(reader, cells, "team")
    with Duck() as duck:
        rows = duck.rows(
            f"SELECT {sql} FROM (VALUES ('Team A', 't1'), ('', 't2'), (NULL, '')) AS t(team_alias, team_id)"
        )
    assert rows == [("Team A",), ("t2",), ("",)]


def test_people_and_keys_are_hashed_but_an_alias_is_not() -> None:
    reader = a_reader(aliases=frozenset({"alias"}))
    assert [hashed(reader, kind) for kind in ("team", "project", "key", "user")] == [False, False, True, True]
    assert not hashed(reader, "key", "ALIAS")
    assert hashed(reader, "key", "api_key")


def test_a_key_without_an_alias_is_not_shown_where_aliases_are() -> None:
    reader, cells = a_reader(aliases=frozenset({"alias"})), Cells.of_text(["alias", "api_key"])
    assert "api_key" not in owner_sql(reader, cells, "key")


def test_an_owner_that_the_file_does_not_name_says_what_it_can_be_split_by() -> None:
    with pytest.raises(ValueError, match=r"names no user here \(a column user\)\. It can be split by team\."):
        owner_column(a_reader(), Cells.of_text(["team_id"]), "user")
    with pytest.raises(ValueError, match=r"names no project here\. It cannot be split by owner\."):
        owner_column(a_reader(), Cells.of_text(["x"]), "project")


def test_a_reason_names_the_column_once() -> None:
    cells = Cells.of_text(["x"])
    cells.integer("x")
    cells.integer("x")
    assert [reason(check) for check in cells.checks] == ["x is not a whole number"]
