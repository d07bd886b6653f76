"""Tables of the page Probe alone: what is kept here, and the details behind a measurement."""

from __future__ import annotations

from collections.abc import Iterable

from planner.catalog.tables import Tables
from planner.decision.present_probe import number
from planner.decision.present_tables import NONE, Column, Table, right
from planner.domain.measurement import Measurement
from planner.format import count, percent, short
from planner.web import probe_words as words
from planner.web.probe_declared import gpu_words, price_words

YES_NO = {True: "yes", False: "no", None: NONE}
COUNTERS = {"full": "all", "partial": "some", "none": "none"}


def detail_rows(m: Measurement) -> Table:
    """What a reviewer asks for beyond the first table, and who says so."""
    server, declared, shape, client = m.server, m.declared, m.shape, m.client
    pairs = (
        ("Longest prompt plus answer", _tokens(server.max_model_len), "the server"),
        ("KV cache", _tokens(server.kv_cache_tokens), "the server"),
        ("Prefix caching", YES_NO[server.prefix_caching], "the server"),
        ("Counters that can be read", COUNTERS[server.metrics], "the server"),
        ("Fingerprint", server.fingerprint, "the server"),
        ("Price", price_words(declared), "its owner"),
        ("Started with", declared.server_flags, "its owner"),
        ("Asked per request", _asked(m), "the task"),
        ("Prompts", shape.prompt_kind.replace("_", " "), "the task"),
        ("Answers made to run on", YES_NO[shape.ignore_eos], "the task"),
        ("Path", shape.endpoint, "the task"),
        ("Sent by", client.program, "the client"),
        ("On the server's machine", YES_NO[client.same_host], "the client"),
        ("Address", f"not kept; hash {server.address_hash}" if server.address_hash else "not kept", "the client"),
    )
    rows = tuple((name, value or NONE, who) for name, value, who in pairs)
    return Table("Details", (Column("What"), Column("Value"), Column("Said by")), rows)


def _tokens(value: int | None) -> str:
    return "" if value is None else f"{count(value)} tokens"


def _asked(m: Measurement) -> str:
    given, wanted = m.shape.input_tokens_asked, m.shape.output_tokens_asked
    return f"{count(given)} in / {count(wanted)} out" if given and wanted else ""


def kept_rows(found: Iterable[Measurement], tables: Tables) -> Table:
    """One row per kept measurement."""
    columns = (
        Column("Made"),
        Column("Server"),
        Column("GPUs"),
        Column("Tokens of a request"),
        *right(("Most", "output tokens/s"), ("Knee", "in flight"), ("Spread", "over repeats")),
        Column("State"),
    )
    return Table("Kept on this server", columns, tuple(_kept(m, tables) for m in found))


def _kept(m: Measurement, tables: Tables) -> tuple[str, ...]:
    summary = m.summary
    best = max((level.output_tokens_per_s for level in summary.levels), default=None)
    return (
        f"{m.finished_at:%Y-%m-%d %H:%M} UTC, {words.MADE[m.origin]}",
        words.server_words(m),
        gpu_words(m.declared, tables) or "not said",
        words.lengths(m),
        short(best) if best is not None else NONE,
        number(summary.knee.requests_in_flight) if summary.knee else NONE,
        percent(summary.spread_fraction) if summary.spread_fraction is not None else NONE,
        words.STATUS[summary.status],
    )
