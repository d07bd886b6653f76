"""A plain table: one request, or one bucket, per row, with names that people use; or any names, mapped by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from planner.domain.nearest import did_you_mean
from planner.workload.readers.base import About, OwnerKind, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.sql import minus, ms_between, plus, seconds_between
from planner.workload.usage_rows import Grain

Names = Mapping[str, Sequence[str]]
"""What is read -> columns that may hold it, the first that is there counts."""
NAMES: dict[str, tuple[str, ...]] = {
    "timestamp": ("timestamp", "started_at", "start_time", "time", "created_at", "date"),
    "ended_at": ("ended_at", "end_time", "finished_at"),
    "model": ("model", "model_name"),
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "cached_input_tokens": ("cached_input_tokens", "cached_tokens"),
    "cache_write_tokens": ("cache_write_tokens",),
    "cache_write_1h_tokens": ("cache_write_1h_tokens",),
    "reasoning_tokens": ("reasoning_tokens",),
    "duration_ms": ("duration_ms", "latency_ms"),
    "duration_s": ("duration_s", "latency_s"),
    "requests": ("requests", "num_requests", "request_count", "num_model_requests", "api_requests"),
    "bucket_s": ("bucket_s", "bucket_seconds"),
    "task_class": ("task_class", "class"),
    "service_tier": ("service_tier", "tier"),
    "failed": ("failed",),
    "cost_usd": ("cost_usd",),
    "cost": ("cost",),
    "currency": ("currency",),
    "request_id": ("request_id",),
    "team": ("team",),
    "project": ("project",),
    "api_key": ("api_key", "key"),
    "user": ("user", "user_id"),
}
"""Names that a plain table may have, and the targets of a column mapper."""
OWNERS: dict[OwnerKind, str] = {"team": "team", "project": "project", "key": "api_key", "user": "user"}
OTHER_CONVENTIONS = frozenset(
    {
        "uncached_input_tokens",
        "input_cached_tokens",
        "cache_read_input_tokens",
        "cache_read_tokens",
        "cache_creation_input_tokens",
        "cache_creation_tokens",
        "prompt_cache_read_tokens",
    }
)
"""Cached tokens under names of formats of which some count them inside input and some outside: nothing is guessed."""


def select(cells: Cells, names: Names = NAMES, *, inside: bool = True, grain: Grain = "request") -> Mapping[str, str]:
    """`inside`: input holds the cached and written tokens."""
    said, cached = cells.integer(*names["input_tokens"]), cells.integer(*names["cached_input_tokens"])
    written = [cells.integer(*names[name]) for name in ("cache_write_tokens", "cache_write_1h_tokens")]
    started = cells.instant(*names["timestamp"])
    return {
        "started_us": started,
        "model": cells.text(*names["model"], default="unnamed"),
        "task_class": cells.text(*names["task_class"]),
        "service_tier": cells.text(*names["service_tier"], default="standard"),
        "fresh_input_tokens": minus(said, cached, *written) if inside else said,
        "cached_input_tokens": cached,
        "cache_write_tokens": written[0],
        "cache_write_1h_tokens": written[1],
        "output_tokens": cells.integer(*names["output_tokens"]),
        "reasoning_tokens": cells.integer(*names["reasoning_tokens"]),
        "request_id": cells.name(*names["request_id"]),
        **(_of_bucket(cells, names, started) if grain == "bucket" else _of_request(cells, names, started)),
        **_cost(cells, names),
        **({} if inside or grain == "bucket" else {"context_tokens": plus(said, cached, *written)}),
        **({"context_tokens": said} if inside and grain == "request" else {}),
    }


def _of_request(cells: Cells, names: Names, started: str) -> Mapping[str, str]:
    duration = f"COALESCE({cells.scaled(1, *names['duration_ms'])}, {cells.scaled(1000, *names['duration_s'])})"
    if (end := cells.first(*names["ended_at"])) is not None:
        duration = f"COALESCE({duration}, {ms_between(started, cells.instant(end))})"
    known = any(cells.first(*names[name]) for name in ("duration_ms", "duration_s", "ended_at"))
    failed = cells.first(*names["failed"])
    return {
        "requests": "1",
        **({"duration_ms": duration} if known else {}),
        **({"failed": f"CASE WHEN {cells.flag(failed)} THEN 1 ELSE 0 END"} if failed else {}),
    }


def _of_bucket(cells: Cells, names: Names, started: str) -> Mapping[str, str]:
    length = cells.first(*names["bucket_s"])
    end = cells.instant(*names["ended_at"])
    return {
        "bucket_s": cells.integer(length) if length else seconds_between(started, end),
        "requests": cells.integer(*names["requests"]),
        "duration_ms": cells.scaled(1, *names["duration_ms"]),
        "failed": cells.integer(*names["failed"]),
    }


def _cost(cells: Cells, names: Names) -> Mapping[str, str]:
    """An amount in dollars by its name, or an amount beside its currency; an amount of no known currency is none."""
    if cells.first(*names["cost_usd"]):
        return {"cost_nano": cells.nano(*names["cost_usd"]), "currency": "'USD'"}
    if cells.first(*names["cost"]) and cells.first(*names["currency"]):
        return {"cost_nano": cells.nano(*names["cost"]), "currency": f"UPPER({cells.text(*names['currency'])})"}
    return {}


def _sets(names: Names, *wanted: str) -> list[frozenset[str]]:
    return [frozenset(columns) for columns in product(*(names[name] for name in wanted))]


def _owners(names: Names) -> dict[OwnerKind, tuple[str, ...]]:
    return {kind: tuple(names[target]) for kind, target in OWNERS.items()}


_ROWS = _sets(NAMES, "timestamp", "input_tokens", "output_tokens")
_BUCKETS = [
    *_sets(NAMES, "timestamp", "input_tokens", "output_tokens", "requests", "bucket_s"),
    *_sets(NAMES, "timestamp", "input_tokens", "output_tokens", "requests", "ended_at"),
]
PLAIN = TableReader(
    About(
        "plain",
        "Plain table: timestamp, model, input_tokens, output_tokens",
        "request",
        cached_inside_input=True,
        source_url="",
        checked="documentation",
        note="Names of our own; any other names can be mapped to them. Cached tokens lie inside input.",
    ),
    needs=_ROWS[0],
    or_needs=tuple(_ROWS[1:]),
    select=select,
    owners=_owners(NAMES),
    unlike=OTHER_CONVENTIONS | {*NAMES["requests"], *NAMES["bucket_s"]},
    general=True,
)
PLAIN_BUCKETS = TableReader(
    About(
        "plain_buckets",
        "Plain table of sums: timestamp, bucket_s, requests, input_tokens, output_tokens",
        "bucket",
        cached_inside_input=True,
        source_url="",
        checked="documentation",
        note="A row is the sum of bucket_s seconds, or of the time up to ended_at.",
    ),
    needs=_BUCKETS[0],
    or_needs=tuple(_BUCKETS[1:]),
    select=lambda cells: select(cells, grain="bucket"),
    owners=_owners(NAMES),
    unlike=OTHER_CONVENTIONS,
    general=True,
)


def mapped_reader(mapping: Mapping[str, str], cached_inside_input: bool = True) -> TableReader:
    """A reader of any table: `mapping` says which column each name of a plain table is (`input_tokens` -> `Tokens in`).

    Names that are not mapped are looked for under their own; a mapped `requests` makes each row a bucket.
    Raises ValueError with every name that is not one of NAMES, and for what cannot be read together.
    """
    _refuse(mapping)
    names: dict[str, tuple[str, ...]] = {**NAMES, **{target: (column,) for target, column in mapping.items()}}
    grain: Grain = "bucket" if "requests" in mapping or "bucket_s" in mapping else "request"
    mapped = frozenset(mapping.values())
    sets = [one | mapped for tokens in ("input_tokens", "output_tokens") for one in _sets(names, "timestamp", tokens)]
    return TableReader(
        About(
            "mapped",
            "Table with columns mapped by hand",
            grain,
            cached_inside_input=cached_inside_input,
            source_url="",
            checked="documentation",
            note="Mapped: " + ", ".join(f"{target} = {column}" for target, column in sorted(mapping.items())),
        ),
        needs=sets[0],
        or_needs=tuple(sets[1:]),
        select=lambda cells: select(cells, names, inside=cached_inside_input, grain=grain),
        owners=_owners(names),
    )


def _refuse(mapping: Mapping[str, str]) -> None:
    known = ", ".join(NAMES)
    problems = [
        f"{name!r} is no name of a plain table. {did_you_mean(name, NAMES, f'The names are {known}')}"
        for name in mapping
        if name not in NAMES
    ]
    problems += [f"{name} is mapped to no column: write {name}=COLUMN" for name, at in mapping.items() if not at]
    if "cost" in mapping and "currency" not in mapping:
        problems.append("cost is mapped without its currency: map currency as well, or cost_usd for dollars")
    if "requests" in mapping and not {"bucket_s", "ended_at"} & mapping.keys():
        problems.append("requests is mapped without the length of a bucket: map bucket_s (seconds) or ended_at as well")
    if problems:
        raise ValueError("\n".join(problems))
