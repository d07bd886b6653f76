"""Whether two files of one format hold the same usage, or that of two projects, accounts or replicas.

Rows without an id are told by their figures. In the time that both files cover, two exports of one source are alike but
for what was not complete yet: such rows count once. Files of which hardly a row is alike are of different sources: they
are added up. What lies between is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from planner.usage.duck import DuckEngine
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.parts import Part
from planner.workload.readers.sql import text_literal
from planner.workload.usage_rows import KEYS, SUMS

Overlap = Literal["ask", "once", "add"]
"""What a person says of rows that two files may both hold; ask: the rows tell it, or the import stops."""
ALIKE, UNLIKE = 0.5, 0.1
"""Share of alike rows from which two files are exports of one source, and up to which they are of different ones."""
SAMPLE_ROWS = 200_000
"""Requests that are looked at to tell whether two files hold the same ones."""
MOST_NAMED = 3
KINDS = ("_csv", "_api", "_table", "_cloudwatch")
BUCKET = ("family", "started_us", *KEYS, "context_tokens")
"""What a bucket is told by."""
_BUCKETS, _SAMPLE = "usage_buckets", "usage_sample"


class Pair(NamedTuple):
    """Two files and what their common time shows. `last`: of the last moment of the one that ends first."""

    one: str
    two: str
    alike: int
    other: int
    """The same bucket with other figures."""
    alone: int
    """Rows that only one of the two has."""
    last_alike: int = 0
    last_other: int = 0
    grown: bool = False
    """At the last moment one file has no less of anything than the other."""
    in_turn: bool = False
    """The one begins where the other ends."""


class Told(NamedTuple):
    """Groups of files that hold the same usage, and pairs that do not though they have buckets in common."""

    groups: tuple[tuple[str, ...], ...]
    apart: tuple[Pair, ...]


def family(reader_id: str) -> str:
    """What the forms of one source (its API, its CSV) have in common."""
    return next((reader_id.removesuffix(kind) for kind in KINDS if reader_id.endswith(kind)), reader_id)


def told(pairs: Iterable[Pair], parts: Sequence[Part], overlap: Overlap) -> Told:
    """Which of the files are one. Raises UsageError, with every pair, where that cannot be told."""
    found = list(pairs)
    verdicts = [overlap if overlap != "ask" else verdict(pair) for pair in found]
    unsure = [pair for pair, said in zip(found, verdicts, strict=True) if said == "ask"]
    if unsure:
        questions = [_question(pair, _both(pair, names(parts))) for pair in unsure]
        raise UsageError(sorted(questions, key=str)[:MOST_NAMED])
    same = [{pair.one, pair.two} for pair, said in zip(found, verdicts, strict=True) if said == "once"]
    apart = tuple(pair for pair, said in zip(found, verdicts, strict=True) if said == "add")
    return Told(tuple(tuple(sorted(group)) for group in _joined(same)), apart)


def verdict(pair: Pair) -> Overlap:
    """By the rows before the last moment; by that alone when there is nothing else."""
    if pair.alike or pair.other:
        share = pair.alike / (pair.alike + pair.other + pair.alone)
        return "once" if share >= ALIKE else "add" if share <= UNLIKE else "ask"
    if pair.alone:
        return "add"
    if not pair.last_other:
        return "once"
    if not pair.grown:
        return "add"
    return "once" if pair.in_turn else "ask"


def names(parts: Sequence[Part]) -> dict[str, str]:
    """Name of each file for people, by where its rows lie."""
    return {str(part.rows_at): part.name for part in parts}


def _both(pair: Pair, named: dict[str, str]) -> str:
    return " and ".join(sorted((named[pair.one], named[pair.two])))


def _question(pair: Pair, named: str) -> UsageProblem:
    alike, other = pair.alike + pair.last_alike, pair.other + pair.last_other + pair.alone
    return UsageProblem(
        named,
        f"cover the same time with {alike:,} rows alike and {other:,} that differ: they may be two exports of one "
        "source, or of two projects or replicas",
        "Say which with --overlap: once counts what both have one time, add counts everything",
    )


def _joined(pairs: Iterable[set[str]]) -> list[set[str]]:
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair]
        groups.append(pair.union(*touched))
    return groups


def same_bucket(one: str, two: str, columns: Iterable[str] = BUCKET) -> str:
    """The condition that two relations tell a bucket alike."""
    return " AND ".join(f"{one}.{name} IS NOT DISTINCT FROM {two}.{name}" for name in columns)


def bucket_pairs(engine: DuckEngine, rows: str) -> list[Pair]:
    """Every two files that have a bucket in common. Buckets of nothing say nothing."""
    sums = ", ".join(f"SUM({name}) AS {name}" for name in SUMS)
    some = " OR ".join(f"SUM({name}) <> 0" for name in SUMS)
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {_BUCKETS} AS SELECT source, {', '.join(BUCKET)}, {sums} FROM {rows} "
        f"WHERE bucket_s > 0 GROUP BY source, {', '.join(BUCKET)} HAVING {some}"
    )
    equal = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in SUMS)
    a_more, b_more = (
        " AND ".join(f"COALESCE({x}.{name} >= {y}.{name}, TRUE)" for name in SUMS) for x, y in ("ab", "ba")
    )
    found = engine.rows(
        "WITH span AS (SELECT source, MIN(started_us) AS first_us, MAX(started_us) AS last_us "
        f"FROM {_BUCKETS} GROUP BY 1), "
        "pair AS (SELECT x.source AS one, y.source AS two, GREATEST(x.first_us, y.first_us) AS from_us, "
        "LEAST(x.last_us, y.last_us) AS until_us, x.last_us <> y.last_us AND "
        "GREATEST(x.first_us, y.first_us) = LEAST(x.last_us, y.last_us) AS in_turn "
        "FROM span AS x JOIN span AS y ON x.source < y.source), "
        f"shared AS (SELECT p.*, a.started_us < until_us AS before, {equal} AS alike, {a_more} AS a_more, "
        f"{b_more} AS b_more FROM {_BUCKETS} AS a JOIN {_BUCKETS} AS b ON {same_bucket('a', 'b')} "
        "JOIN pair AS p ON p.one = a.source AND p.two = b.source), "
        "counted AS (SELECT one, two, from_us, until_us, in_turn, COUNT(*) FILTER (before AND alike) AS alike, "
        "COUNT(*) FILTER (before AND NOT alike) AS other, COUNT(*) FILTER (NOT before AND alike) AS last_alike, "
        "COUNT(*) FILTER (NOT before AND NOT alike) AS last_other, "
        "BOOL_AND(before OR a_more) OR BOOL_AND(before OR b_more) AS grown FROM shared GROUP BY ALL), "
        f"inside AS (SELECT one, two, COUNT(*) AS n FROM counted AS c JOIN {_BUCKETS} AS f ON (f.source = c.one OR "
        "f.source = c.two) AND f.started_us >= from_us AND f.started_us < until_us GROUP BY ALL) "
        "SELECT one, two, alike, other, COALESCE(n, 0) - 2 * (alike + other), last_alike, last_other, grown, in_turn "
        "FROM counted LEFT JOIN inside USING (one, two) ORDER BY 1, 2"
    )
    return [Pair(*row) for row in found]


def request_pairs(engine: DuckEngine, rows: str, parts: Sequence[Part], columns: Iterable[str]) -> list[Pair]:
    """Every two files without ids that have alike requests; the time both cover is looked at, in a sample."""
    near = [(a, b) for a, b in combinations([p for p in parts if _without_ids(p)], 2) if _cover_the_same(a, b)]
    if not near:
        return []
    sources = sorted({str(part.rows_at) for pair in near for part in pair})
    every = max(1, sum(part.read.good for part in parts if str(part.rows_at) in sources) // SAMPLE_ROWS)
    content = row_hash(columns)
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {_SAMPLE} AS SELECT source, started_us, COUNT(*) AS n, "
        f"SUM(CAST({content} AS HUGEINT)) AS content FROM {rows} WHERE bucket_s = 0 AND hash(started_us) % {every} = 0 "
        f"AND source IN ({', '.join(map(text_literal, sources))}) GROUP BY 1, 2"
    )
    found = [_request_pair(engine, a, b) for a, b in near]
    return [pair for pair in found if pair.alike]


def row_hash(columns: Iterable[str]) -> str:
    """A number that rows alike in every column have in common."""
    return f"hash({', '.join(columns)})"


def _without_ids(part: Part) -> bool:
    return part.about.grain == "request" and "request_id" not in part.read.has and part.read.good > 0


def _cover_the_same(a: Part, b: Part) -> bool:
    one, two = (family(part.about.reader_id) for part in (a, b))
    return one == two and _common(a, b)[0] < _common(a, b)[1]


def _common(a: Part, b: Part) -> tuple[int, int]:
    return max(a.read.first_us, b.read.first_us), min(a.read.last_us, b.read.last_us)


def _request_pair(engine: DuckEngine, a: Part, b: Part) -> Pair:
    """A moment is alike when both files have the same requests in it: single ones may be alike by chance."""
    one, two = str(a.rows_at), str(b.rows_at)
    first, last = _common(a, b)

    def of(source: str) -> str:
        inside = f"started_us BETWEEN {first} AND {last}"
        return f"(SELECT started_us, n, content FROM {_SAMPLE} WHERE source = {text_literal(source)} AND {inside})"

    ((alike, alone),) = engine.rows(
        "SELECT CAST(COALESCE(SUM(a.n) FILTER (alike), 0) AS BIGINT), "
        "CAST(COALESCE(SUM(COALESCE(a.n, 0) + COALESCE(b.n, 0)) FILTER (NOT alike), 0) AS BIGINT) "
        "FROM (SELECT a, b, COALESCE(a.n = b.n AND a.content = b.content, FALSE) AS alike "
        f"FROM {of(one)} AS a FULL JOIN {of(two)} AS b USING (started_us))"
    )
    return Pair(one, two, alike, 0, alone)


def counted_once(count: int) -> str:
    """What is said of rows that were left out."""
    return (
        f"{count:,} rows are of a time that another file has as well, with the same figures or with larger ones: each "
        "is counted once."
    )


def added_up(apart: Sequence[Pair], parts: Sequence[Part]) -> Iterator[str]:
    """What is said of files that were added up."""
    if apart:
        named = names(parts)
        told = "; ".join(sorted(_both(pair, named) for pair in apart)[:MOST_NAMED])
        more = f"; and {len(apart) - MOST_NAMED} more" if len(apart) > MOST_NAMED else ""
        yield (
            f"Added up, as different projects or replicas, for they cover the same time with other figures: "
            f"{told}{more}."
        )
