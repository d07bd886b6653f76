"""Public research traces of requests: Azure, Mooncake and BurstGPT."""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.opened import flag, from_monday

MOONCAKE_BLOCK_TOKENS = 512


def azure(cells: Cells) -> Mapping[str, str]:
    """Time (seven digits of seconds, of which six are kept), prompt and generated tokens; no model."""
    whole = cells.integer("ContextTokens")
    return {
        "started_us": cells.instant("TIMESTAMP"),
        "requests": "1",
        "model": "'unnamed'",
        "context_tokens": whole,
        "fresh_input_tokens": whole,
        "output_tokens": cells.integer("GeneratedTokens"),
    }


def mooncake(cells: Cells) -> Mapping[str, str]:
    """Milliseconds since the trace began, lengths; the hashes of the prompt's blocks stay in the file."""
    whole = cells.integer("input_length")
    return {
        "started_us": from_monday(cells.scaled(1000, "timestamp")),
        "requests": "1",
        "model": "'unnamed'",
        "context_tokens": whole,
        "fresh_input_tokens": whole,
        "output_tokens": cells.integer("output_length"),
    }


def burstgpt(cells: Cells) -> Mapping[str, str]:
    """Seconds since midnight of the first day; a request without a response token failed."""
    whole, output = cells.integer("Request tokens"), cells.integer("Response tokens")
    return {
        "started_us": from_monday(cells.scaled(1_000_000, "Timestamp")),
        "requests": "1",
        "model": cells.name("Model"),
        "task_class": cells.text("Log Type"),
        "context_tokens": whole,
        "fresh_input_tokens": whole,
        "output_tokens": output,
        "duration_ms": cells.scaled(1000, "Elapsed time"),
        "failed": flag(f"{output} = 0"),
    }


AZURE_TRACE = TableReader(
    About(
        "azure_trace",
        "Azure LLM inference trace",
        "request",
        cached_inside_input=None,
        source_url="https://github.com/Azure/AzurePublicDataset",
        checked="real export",
        note="The trace names no model.",
    ),
    needs=frozenset({"TIMESTAMP", "ContextTokens", "GeneratedTokens"}),
    select=azure,
)
MOONCAKE = TableReader(
    About(
        "mooncake",
        "Mooncake trace",
        "request",
        cached_inside_input=None,
        source_url="https://github.com/kvcache-ai/Mooncake/tree/main/FAST25-release/traces",
        checked="real export",
        note="Times count from the beginning of the trace, on an unknown day; it is shown as a Monday, 0:00.",
        has_calendar=False,
    ),
    needs=frozenset({"timestamp", "input_length", "output_length"}),
    select=mooncake,
    kinds=frozenset({"jsonl", "parquet"}),
    unlike=frozenset({"chat_id"}),
    blocks=("hash_ids", MOONCAKE_BLOCK_TOKENS),
)
BURSTGPT = TableReader(
    About(
        "burstgpt",
        "BurstGPT trace",
        "request",
        cached_inside_input=None,
        source_url="https://github.com/HPMLL/BurstGPT",
        checked="secondary copy",
        note="Times count from midnight of an unknown day; it is shown as a Monday. 0 response tokens mean a failure.",
        has_calendar=False,
    ),
    needs=frozenset({"Timestamp", "Model", "Request tokens", "Response tokens", "Log Type"}),
    select=burstgpt,
)
