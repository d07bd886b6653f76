"""LiteLLM's table of spend logs with its own names and types of columns, and calls of every sort in it."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path

import psycopg

from tests.real.places import READER, as_owner
from tests.real.servers import Server

TABLE = '"LiteLLM_SpendLogs"'
TYPES = {
    "request_id": "text PRIMARY KEY",
    "call_type": "text NOT NULL",
    "api_key": "text NOT NULL DEFAULT ''",
    "spend": "double precision NOT NULL DEFAULT 0",
    "total_tokens": "integer NOT NULL DEFAULT 0",
    "prompt_tokens": "integer NOT NULL DEFAULT 0",
    "completion_tokens": "integer NOT NULL DEFAULT 0",
    "startTime": "timestamp(3) without time zone NOT NULL",
    "endTime": "timestamp(3) without time zone NOT NULL",
    "request_duration_ms": "integer",
    "completionStartTime": "timestamp(3) without time zone",
    "model": "text NOT NULL DEFAULT ''",
    "model_id": "text DEFAULT ''",
    "model_group": "text DEFAULT ''",
    "custom_llm_provider": "text DEFAULT ''",
    "api_base": "text DEFAULT ''",
    "user": "text DEFAULT ''",
    "metadata": "jsonb DEFAULT '{}'",
    "cache_hit": "text DEFAULT ''",
    "cache_key": "text DEFAULT ''",
    "request_tags": "jsonb DEFAULT '[]'",
    "team_id": "text",
    "organization_id": "text",
    "end_user": "text",
    "requester_ip_address": "text",
    "messages": "jsonb DEFAULT '{}'",
    "response": "jsonb DEFAULT '{}'",
    "session_id": "text",
    "status": "text",
}
SECRET = ("messages", "response", "requester_ip_address")
"""Columns that the reader's account is not allowed to read."""
START = dt.datetime(2026, 11, 20, 22, tzinfo=dt.UTC)
MODELS = ("gpt-5-mini", "claude-haiku-4-5", "text-embedding-3-small", "azure/gpt-5 «eu»")


def create(server: Server, calls: int, seed: int = 1) -> str:
    """The table with calls in it; the address of an account that may read all but the prompts."""
    draw = random.Random(seed)
    columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
    readable = ", ".join(f'"{name}"' for name in TYPES if name not in SECRET)
    as_owner(
        server,
        f"DROP TABLE IF EXISTS {TABLE}",
        f"CREATE TABLE {TABLE} ({columns})",
        f"DO $$ BEGIN CREATE ROLE {READER} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"GRANT SELECT ({readable}) ON {TABLE} TO {READER}",
    )
    filled = ", ".join(f'"{name}"' for name in _call(draw, 0))
    into = f"COPY {TABLE} ({filled}) FROM STDIN".encode()
    with psycopg.connect(server.url) as owner, owner.cursor() as cursor, cursor.copy(into) as copy:
        for number in range(calls):
            copy.write_row(tuple(_call(draw, number).values()))
    return server.url.replace("owner@", f"{READER}@")


def export(server: Server, file: Path) -> Path:
    """The same table as CSV, as a person would export it."""
    out_of = f"COPY {TABLE} TO STDOUT (FORMAT csv, HEADER)".encode()
    with psycopg.connect(server.url) as owner, owner.cursor() as cursor, cursor.copy(out_of) as copy:
        file.write_bytes(b"".join(copy))
    return file


def _call(draw: random.Random, number: int) -> dict[str, object]:
    start = START + dt.timedelta(milliseconds=draw.randrange(86_400_000))
    took_ms = draw.choice((0, 1, 500, 1500, draw.randrange(100_000)))
    failed = draw.random() < 0.05
    prompt, answer = (
        (0, 0) if failed else (draw.choice((1, 199_999, 200_001, draw.randrange(300_000))), draw.randrange(5000))
    )
    return {
        "request_id": f"call-{number}",
        "call_type": draw.choice(("acompletion", "aembedding", "acreate_batch", "aspeech")),
        "api_key": "0" * 64,
        "spend": draw.choice((0.0, 1.5e-06, 0.1 + 0.2, 1 / 3, draw.random())),
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "startTime": start,
        "endTime": start + dt.timedelta(milliseconds=took_ms),
        "request_duration_ms": draw.choice((None, took_ms)),
        "model": draw.choice(MODELS),
        "user": draw.choice(("user-1", "user-2", "")),
        "metadata": json.dumps(_metadata(draw, prompt)),
        "cache_hit": draw.choice(("", "None", "False", "False", "True")),
        "team_id": draw.choice((None, "team-1", "Team 2")),
        "messages": json.dumps({"prompt": "nobody's business"}),
        "status": "failure" if failed else draw.choice(("success", None)),
    }


def _metadata(draw: random.Random, prompt: int) -> object:
    cached = prompt // 2
    return draw.choice(
        (
            {},
            {"user_api_key_team_alias": "Team «A»", "additional_usage_values": {"cache_read_input_tokens": cached}},
            {"additional_usage_values": {"prompt_tokens_details": {"cached_tokens": cached, "text_tokens": None}}},
            {"usage_object": {"prompt_tokens_details": {"cached_tokens": str(cached)}}},
            {"usage_object": {"cache_creation_input_tokens": cached, "cache_read_input_tokens": 0}},
            {"usage_object": {"completion_tokens_details": {"reasoning_tokens": 0}}},
            {"usage_object": {"prompt_tokens_details": {"cached_tokens": "many"}}} if draw.random() < 0.1 else [],
        )
    )
