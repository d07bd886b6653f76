"""Count what a relation of usage rows holds: good rows, rejects by reason with their first places, spans."""

from __future__ import annotations

from typing import Any

from planner.usage.duck import DuckEngine
from planner.usage.parts import LINES_KEPT, Read, Rejected
from planner.usage.relation import Relation


def reads(engine: DuckEngine, source: str, made: Relation, file: str, place: str) -> dict[str, Read]:
    """What each file of `source` (after FROM) holds, by the SQL `file`; `place` is where a row is, from its own 0 or 1.

    `source` has the columns of a staged file or of `made.select`.
    """
    has = [name for name in made.filled if name not in {"started_us", "request_id"}]
    counts = "".join(f", COUNT({name}) FILTER (reject = 0)" for name in has)
    bucket = "MAX(bucket_s)" if "bucket_s" in made.filled else "0"
    good = "reject = 0"
    rows = engine.rows(
        f"SELECT {file}, COUNT(*) FILTER (reject >= 0), COUNT(*) FILTER ({good}), "
        f"MIN(started_us) FILTER ({good}), MAX(started_us) FILTER ({good}), COALESCE({bucket}, 0), "
        f"COUNT(*) FILTER ({good} AND zoneless), COUNT(*) FILTER (reject < 0){counts} FROM {source} GROUP BY 1"
    )
    bad = any(row[1] != row[2] for row in rows)
    rejects = _rejects(engine, source, made, file, place) if bad else {}
    return {str(row[0]): _read(row, has, made, rejects.get(str(row[0]), ())) for row in rows}


def _read(row: tuple[Any, ...], has: list[str], made: Relation, rejects: tuple[Rejected, ...]) -> Read:
    _, usage, good, first_us, last_us, bucket_s, zoneless, others, *counts = row
    known = dict(zip(has, counts, strict=True))
    ids = ("request_id",) if "request_id" in made.filled else ()
    return Read(
        rows=usage,
        rejects=rejects,
        first_us=first_us or 0,
        last_us=last_us or 0,
        bucket_s=bucket_s,
        zoneless=zoneless,
        others=others,
        has=(*(name for name, count in known.items() if count), *ids),
        full=tuple(name for name, count in known.items() if count == good),
    )


def _rejects(engine: DuckEngine, source: str, made: Relation, file: str, place: str) -> dict[str, tuple[Rejected, ...]]:
    found: dict[str, list[Rejected]] = {}
    text = f"SELECT {file}, reject, COUNT(*), MIN({place}, {LINES_KEPT}) FROM {source} WHERE reject > 0 GROUP BY 1, 2"
    for name, code, count, places in engine.rows(f"{text} ORDER BY 1, 3 DESC, 2"):
        check = made.checks[code - 1]
        found.setdefault(str(name), []).append(Rejected(check.column, check.reason, count, tuple(sorted(places))))
    return {name: tuple(rejects) for name, rejects in found.items()}
