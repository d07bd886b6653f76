"""Logs at random with everything odd in them: names, zones, times on edges, files of any form, and what they mean."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from planner.workload.usage_rows import COLUMNS, NANO, US_PER_S, UsageRow
from tests.plain_usage import EPOCH, HOUR, us
from tests.usage.logs import Row

NAMES = (
    "gpt-4o", 'a"b', "it's", "ü–模型", "=cmd()", "+1", "'; DROP TABLE usage_rows; --", "new\nline", "x" * 200,
    "a,b;c\t|d", "NULL", "None", "{{source}}", "%s", "\\", "a\u2028b", "\N{GRINNING FACE}" * 100, "-", "0", "c1",
)  # fmt: skip
FILES = (
    "a", "it's", "sp ace", "st*ar", "[b]", "q?", "{{source}}", "dé", "a'; DROP", 'qu"ote', "%20", "c0",
)  # fmt: skip
FORMS = ("csv", "csv", "jsonl", "json", "parquet")
ZONES = ("UTC", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu")
STARTS = (
    dt.datetime(2024, 2, 28, 23, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 29, 0, tzinfo=dt.UTC),
    dt.datetime(2025, 10, 25, 20, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 5, tzinfo=dt.UTC),
    dt.datetime(2025, 12, 31, 23, 59, tzinfo=dt.UTC),
)
"""Before a leap day, around changes of the clock, on a Monday, before a new year."""
SIZES = (0, 1, 99, 100, 101, 999, 1000, 1001, 128_000, 128_001, 200_000, 200_001)
OPTIONAL = {
    "cached_input_tokens": "cached_input_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "duration_ms": "duration_ms",
    "service_tier": "service_tier",
    "task_class": "task_class",
    "cost_usd": "cost_nano",
    "request_id": "request_id",
    "team": "owner",
    "failed": "failed",
}
"""Columns that a log may lack -> what they become."""


@dataclass(frozen=True)
class RandomLog:
    """What was written down, and the usage rows that it means."""

    rows: tuple[UsageRow, ...]
    cells: tuple[Row, ...]
    zone: str
    thresholds: tuple[int, ...]

    @property
    def has_owner(self) -> bool:
        return "team" in self.cells[0]


def random_log(seed: int) -> RandomLog:
    """The same log for the same seed."""
    dice = random.Random(seed)
    zone = dice.choice(ZONES)
    start, span = us(dice.choice(STARTS)), dice.choice([0, 1, 59, 60, 3600, 86_400, 7 * 86_400, 300 * 86_400])
    columns = [name for name in OPTIONAL if dice.random() < 0.6]
    models, owners = dice.sample(NAMES, dice.randint(1, 4)), dice.sample(NAMES, 3)
    step = dice.choice([1, 1000, US_PER_S, 60 * US_PER_S, 3600 * US_PER_S])
    styles = dice.sample(["z", "offset", "naive", "s", "ms", "us"], dice.randint(1, 3))
    rows, cells = [], []
    for _ in range(dice.choice([1, 1, 2, 3, 5, 20, 60, 200])):
        at = start + dice.randint(0, span * US_PER_S) // step * step
        if dice.random() < 0.2:
            at = at // HOUR * HOUR + dice.choice([0, -1, 1])
        row = _row(dice, at, dice.choice(models), dice.choice([*owners, ""]))
        written = {"timestamp": _time(dice, at, dice.choice(styles), ZoneInfo(zone)), **_cells(dice, row, columns)}
        cells.append(written)
        lacking = {OPTIONAL[name]: UsageRow()._asdict()[OPTIONAL[name]] for name in OPTIONAL if name not in columns}
        rows.append(_consistent(row._replace(**lacking), "cost_usd" in columns))
    thresholds = tuple(sorted(dice.sample([1, 100, 1000, 128_000, 200_000], dice.randint(0, 3))))
    return RandomLog(tuple(rows), tuple(cells), zone, thresholds)


def _row(dice: random.Random, at: int, model: str, owner: str) -> UsageRow:
    """A request with all columns; parts of the prompt never exceed it."""
    prompt, output = dice.choice([*SIZES, dice.randint(0, 5000)]), dice.choice([None, 0, 1, 17, dice.randint(0, 4000)])
    said = dice.random() > 0.05
    parts = [dice.choice([None, 0, prompt // n]) if said else None for n in (2, 4, 5)]
    return UsageRow(
        started_us=at,
        requests=1,
        model=model,
        task_class=dice.choice(["", "chat", "=x"]),
        owner=owner,
        service_tier=dice.choice(["standard", "batch", "flex"]),
        context_tokens=prompt if said else None,
        cached_input_tokens=parts[0],
        cache_write_tokens=parts[1],
        cache_write_1h_tokens=parts[2],
        output_tokens=output,
        reasoning_tokens=None if output is None else dice.choice([None, 0, output // 2]),
        duration_ms=dice.choice([None, 0, 1, 999, 1000, dice.randint(0, 300_000)]),
        failed=dice.choice([0, 1]),
        cost_nano=dice.choice([None, 0, 123_456_789, -500_000_000, 1]),
        request_id=None if dice.random() < 0.1 else f"id-{dice.randint(0, 300)}",
    )


def _consistent(row: UsageRow, has_cost: bool) -> UsageRow:
    """Fresh is what is left of the prompt."""
    cached = sum(n or 0 for n in (row.cached_input_tokens, row.cache_write_tokens, row.cache_write_1h_tokens))
    fresh = None if row.context_tokens is None else row.context_tokens - cached
    return row._replace(fresh_input_tokens=fresh, currency="USD" if has_cost else "")


def _cells(dice: random.Random, row: UsageRow, columns: Sequence[str]) -> Row:
    found: Row = {"model": row.model, "input_tokens": row.context_tokens, "output_tokens": row.output_tokens}
    for name in columns:
        found[name] = getattr(row, OPTIONAL[name])
    if "cost_usd" in columns:
        found["cost_usd"] = None if row.cost_nano is None else f"{row.cost_nano / NANO:.9f}"
    if "failed" in columns:
        found["failed"] = dice.choice([("false", "0", ""), ("true", "1", "yes")][row.failed or 0])
    return found


def _time(dice: random.Random, at: int, style: str, zone: ZoneInfo) -> str:
    moment = EPOCH + dt.timedelta(microseconds=at)
    local = moment.astimezone(zone)
    if style == "naive" and us(local.replace(fold=0)) == us(local.replace(fold=1)) == at:
        return local.replace(tzinfo=None).isoformat(sep=" ")
    if style == "offset":
        minutes = dice.choice([0, 120, -330, 345, 840, -720])
        return moment.astimezone(dt.timezone(dt.timedelta(minutes=minutes))).isoformat()
    if style == "s":
        return f"{at // US_PER_S}.{at % US_PER_S:06}"
    if style == "ms" and at % 1000 == 0:
        return str(at // 1000)
    return str(at) if style == "us" else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def as_files(log: RandomLog, folder: Path, seed: int) -> list[Path]:
    """The log in one to three files of any form, in any order, one of them perhaps twice."""
    dice = random.Random(seed)
    count = dice.randint(1, min(3, len(log.cells)))
    cuts = sorted(dice.sample(range(1, len(log.cells)), count - 1))
    places = zip([0, *cuts], [*cuts, len(log.cells)], strict=True)
    names = dice.sample(FILES, count)
    paths = [
        _written(dice, folder, log.cells[a:b], dice.choice(FORMS), name)
        for (a, b), name in zip(places, names, strict=True)
    ]
    if dice.random() < 0.2:
        again = folder / f"again{paths[0].suffix}"
        again.write_bytes(paths[0].read_bytes())
        paths.append(again)
    return dice.sample(paths, len(paths))


def _written(dice: random.Random, folder: Path, cells: Sequence[Row], form: str, name: str) -> Path:
    path = folder / f"{name}.{form}"
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(
            out,
            list(cells[0]),
            delimiter=dice.choice(",;\t|"),
            lineterminator=dice.choice(["\n", "\r\n"]),
            quoting=dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        )
        writer.writeheader()
        writer.writerows(cells)
        path.write_bytes(out.getvalue().encode(dice.choice(["utf-8", "utf-8-sig"])))
    elif form == "parquet":
        kinds = [(c, pa.int64() if c.endswith(("tokens", "_ms")) else pa.string()) for c in cells[0]]
        pq.write_table(pa.Table.from_pylist(list(cells), pa.schema(kinds)), path)
    else:
        lines = [json.dumps(row, ensure_ascii=dice.random() < 0.5) for row in cells]
        text = "[" + ",\n".join(lines) + "]" if form == "json" else "\n".join(lines) + "\n"
        path.write_text(text, encoding="utf-8")
    return path


def counted_once(rows: Sequence[UsageRow]) -> list[UsageRow]:
    """Of rows with the same id in the same second the greatest, column by column, unknown ones least."""
    alike: dict[tuple[str, int], list[UsageRow]] = defaultdict(list)
    for row in rows:
        if row.request_id is not None:
            alike[row.request_id, (row.started_us or 0) // US_PER_S].append(row)
    return [row for row in rows if row.request_id is None] + [max(found, key=_rank) for found in alike.values()]


def _rank(row: UsageRow) -> list[tuple[int, bytes | int]]:
    values = [getattr(row, name) for name in COLUMNS if name != "request_id"]
    return [(0, 0) if v is None else (1, v.encode() if isinstance(v, str) else v) for v in values]
