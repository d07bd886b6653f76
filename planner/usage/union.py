"""All sources of an import as one relation of usage rows, each request and each bucket counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from planner.usage.duck import DuckEngine
from planner.usage.overlap import (
    BUCKET,
    Overlap,
    Told,
    added_up,
    bucket_pairs,
    counted_once,
    family,
    request_pairs,
    row_hash,
    told,
)
from planner.usage.parts import LINES_KEPT, SOURCE, Part, Read, Rejected
from planner.usage.reading import parquet_source
from planner.usage.relation import unknown
from planner.usage.together import Money, money_alone, said_together
from planner.workload.readers.sql import text_literal
from planner.workload.usage_rows import COLUMNS, PROMPT, SUMS

KEY = "CASE WHEN request_id IS NOT NULL THEN hash(request_id, started_us // 1000000) END"
"""What a request is told again by; a row without an id (a bucket) is never the same as another."""
ROWS = "usage_rows"
"""The relation that is measured."""
AGAIN = "the same request again"
OVERLAP = "the same period, in another file"
_ALL, _TWICE, _LATER, _EXTRA, _REST = "usage_all", "usage_twice", "usage_later", "usage_extra", "usage_rest"
_TOKENS = frozenset({*PROMPT, "output_tokens", "reasoning_tokens"})


@dataclass(frozen=True)
class United:
    """The relation and what became of the parts."""

    parts: tuple[Part, ...]
    """With the rows that another one has as rejects."""
    has: frozenset[str]
    full: frozenset[str]
    notes: tuple[str, ...] = ()


def united(engine: DuckEngine, parts: Sequence[Part], overlap: Overlap = "ask") -> United:
    """Make the view ROWS over everything that is good. Raises UsageError where files may hold the same usage."""
    has = frozenset(name for part in parts for name in part.read.has) - {"request_id"}
    ids = any("request_id" in part.read.has for part in parts)
    columns = [name for name in COLUMNS if name != "request_id"]
    columns += [*(["blocks"] if "blocks" in has else []), *(["request_key"] if ids else [])]
    money = money_alone(parts)
    selects = " UNION ALL ".join(_selects(parts, columns, money))
    engine.run(f"CREATE OR REPLACE TEMP VIEW {_ALL} AS {selects}")
    full = frozenset(name for name in has if all(name in part.read.full for part in parts))
    rest, notes = _ALL, [*said_together(parts, money, overlap)]
    if ids and (again := _again(engine, columns)):
        parts, rest = _rejected(parts, again, AGAIN), _LATER
        notes.append(f"{_total(again):,} rows are the same request again: each is counted once.")
    if len(parts) > 1 and overlap != "add":
        extra, said = _extra(engine, rest, parts, columns, overlap)
        notes += said
        if extra:
            parts, rest = _rejected(parts, extra, OVERLAP), _REST
            notes.append(counted_once(_total(extra)))
    engine.run(f"CREATE OR REPLACE TEMP VIEW {ROWS} AS SELECT * FROM {rest}")
    return United(tuple(parts), has, full, tuple(notes))


def _selects(parts: Sequence[Part], columns: list[str], money: Money) -> Iterator[str]:
    """One SELECT per kind of source: files that are read alike are read together."""
    alike: dict[tuple[str, tuple[str, ...], bool, str], list[Part]] = defaultdict(list)
    for part in parts:
        clean = part.read.rejected == 0 and part.read.others == 0
        alike[part.select, part.read.has if not part.select else (), clean, part.about.reader_id].append(part)
    for (select, _, clean, reader_id), group in alike.items():
        source = parquet_source(part.rows_at for part in group)
        inner = f"({select.replace(SOURCE, source)}) AS f" if select else source
        there = {name for part in group for name in part.read.has}
        counted = money.get(family(reader_id), "")
        chosen = [_without_tokens(_column(name, there, staged=not select), name, counted) for name in columns]
        chosen += ["filename AS source", "file_row_number AS place", f"{text_literal(family(reader_id))} AS family"]
        yield f"SELECT {', '.join(chosen)} FROM {inner}{'' if clean else ' WHERE reject = 0'}"


def _without_tokens(column: str, name: str, counted: str) -> str:
    """A column of a bill for times at which `counted` is true: its requests and tokens are those of a usage export."""
    if not counted or name not in {*_TOKENS, "requests"}:
        return column
    value = column.removesuffix(f" AS {name}")
    none = "0" if name == "requests" else f"CASE WHEN {value} IS NULL THEN NULL ELSE 0 END"
    return f"CASE WHEN {counted} THEN {none} ELSE {value} END AS {name}"


def _column(name: str, there: Iterable[str], *, staged: bool) -> str:
    if name == "started_us":
        return name
    if name == "request_key":
        key = "request_key" if staged else KEY
        return f"{key} AS request_key" if "request_id" in there else "CAST(NULL AS UBIGINT) AS request_key"
    if name == "blocks":
        return name if name in there else "CAST(NULL AS UBIGINT[]) AS blocks"
    return name if name in there else f"{unknown(name)} AS {name}"


Counts = dict[str, tuple[int, tuple[int, ...]]]
"""File -> rows that are left out, and the first of their places (from 0)."""


def _again(engine: DuckEngine, columns: list[str]) -> Counts:
    """Rows whose request came before. What is kept of several is told by its content, not by where it stood."""
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {_TWICE}_keys AS SELECT request_key FROM {_ALL} "
        "WHERE request_key IS NOT NULL GROUP BY 1 HAVING COUNT(*) > 1"
    )
    if not engine.rows(f"SELECT 1 FROM {_TWICE}_keys LIMIT 1"):
        return {}
    order = ", ".join(f"{name} DESC NULLS LAST" for name in columns if name not in {"request_key", "blocks"})
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {_TWICE} AS SELECT *, ROW_NUMBER() OVER (PARTITION BY request_key "
        f"ORDER BY {order}, source, place) AS nth FROM {_ALL} SEMI JOIN {_TWICE}_keys USING (request_key)"
    )
    engine.run(
        f"CREATE OR REPLACE TEMP VIEW {_LATER} AS SELECT * FROM {_ALL} ANTI JOIN {_TWICE}_keys USING (request_key) "
        f"UNION ALL SELECT * EXCLUDE (nth) FROM {_TWICE} WHERE nth = 1"
    )
    return _counted(engine, f"{_TWICE} WHERE nth > 1")


def _extra(
    engine: DuckEngine, rest: str, parts: Sequence[Part], columns: list[str], overlap: Overlap
) -> tuple[Counts, list[str]]:
    """Rows that another file has as well, and what is to be said of files that were added up."""
    content = [name for name in columns if name not in {"request_key", "blocks"}]
    bucketed = any(part.about.grain == "bucket" for part in parts)
    buckets = told(bucket_pairs(engine, rest) if bucketed else (), parts, overlap)
    requests = told(request_pairs(engine, rest, parts, content), parts, overlap)
    texts = [_extra_buckets(rest, buckets), _extra_requests(rest, requests, content)]
    notes = list(added_up(buckets.apart, parts))
    if not any(texts):
        return {}, notes
    engine.run(f"CREATE OR REPLACE TEMP TABLE {_EXTRA} AS {' UNION ALL '.join(filter(None, texts))}")
    engine.run(f"CREATE OR REPLACE TEMP VIEW {_REST} AS SELECT * FROM {rest} ANTI JOIN {_EXTRA} USING (source, place)")
    return _counted(engine, _EXTRA), notes


def _grouped(found: Told) -> str:
    """A relation: source, and the number of its group."""
    rows = [f"({text_literal(source)}, {n})" for n, group in enumerate(found.groups) for source in group]
    return f"(VALUES {', '.join(rows)}) AS g (source, usage_group)"


def _extra_buckets(rest: str, found: Told) -> str:
    """Source and place of each row whose bucket is fuller in another file; several rows of one file are one bucket."""
    if not found.groups:
        return ""
    bucket = ", ".join(BUCKET)
    sums = ", ".join(f"SUM({name}) OVER of_file AS of_{name}" for name in SUMS)
    largest = ", ".join(f"of_{name} DESC NULLS LAST" for name in SUMS)
    return (
        f"SELECT source, place FROM (SELECT source, place, DENSE_RANK() OVER (PARTITION BY usage_group, {bucket} "
        f"ORDER BY {largest}, source) AS nth FROM (SELECT *, {sums} FROM {rest} JOIN {_grouped(found)} USING (source) "
        f"WHERE bucket_s > 0 WINDOW of_file AS (PARTITION BY source, {bucket}))) WHERE nth > 1"
    )


def _extra_requests(rest: str, found: Told, content: list[str]) -> str:
    """Source and place of each request that another file has as well; as many stay as one file has."""
    if not found.groups:
        return ""
    return (
        "SELECT source, place FROM (SELECT source, place, ROW_NUMBER() OVER (PARTITION BY usage_group, row_hash, k "
        "ORDER BY source) AS nth FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY source, row_hash ORDER BY place) AS k "
        f"FROM (SELECT source, place, usage_group, {row_hash(content)} AS row_hash FROM {rest} "
        f"JOIN {_grouped(found)} USING (source) WHERE bucket_s = 0))) WHERE nth > 1"
    )


def _counted(engine: DuckEngine, source: str) -> Counts:
    rows = engine.rows(f"SELECT source, COUNT(*), MIN(place, {LINES_KEPT}) FROM {source} GROUP BY 1")
    return {str(file): (count, tuple(sorted(places))) for file, count, places in rows}


def _total(counts: Counts) -> int:
    return sum(count for count, _ in counts.values())


def _rejected(parts: Sequence[Part], counts: Counts, reason: str) -> tuple[Part, ...]:
    return tuple(_less(part, counts.get(str(part.rows_at)), reason) for part in parts)


def _less(part: Part, found: tuple[int, tuple[int, ...]] | None, reason: str) -> Part:
    if found is None:
        return part
    count, places = found
    rows = tuple(place + 1 for place in places)
    read: Read = replace(part.read, rejects=(*part.read.rejects, Rejected("", reason, count, rows)))
    return replace(part, read=read)


def prefix_hits(engine: DuckEngine, parts: Sequence[Part]) -> int | None:
    """Prompt tokens whose block of hashes came before, where the sources have such hashes; else None.

    A block's hash holds all blocks before it, so a block seen before is a prefix seen before. An unlimited cache.
    """
    blocks = {part.block_tokens for part in parts if "blocks" in part.read.has}
    if len(blocks) != 1 or not all("blocks" in part.read.has for part in parts):
        return None
    (tokens,) = blocks
    ((hits,),) = engine.rows(
        f"WITH r AS (SELECT ROW_NUMBER() OVER (ORDER BY started_us, fresh_input_tokens, output_tokens) AS n, blocks, "
        f"fresh_input_tokens AS prompt FROM {ROWS}), "
        "b AS (SELECT n, UNNEST(blocks) AS block FROM r), "
        "f AS (SELECT block, MIN(n) AS n FROM b GROUP BY 1), "
        "h AS (SELECT b.n, COUNT(*) AS hits FROM b JOIN f USING (block) WHERE b.n > f.n GROUP BY 1) "
        f"SELECT CAST(SUM(LEAST(hits * {tokens}, prompt)) AS BIGINT) FROM h JOIN r USING (n)"
    )
    return int(hits or 0)
