"""The arguments of `planner probe URL`. All are texts: they are read together, so that all problems come at once."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from planner.cli.inputs import add_day


class Argument(NamedTuple):
    """A flag, the field of the task or budget that it sets, and its words."""

    flag: str
    field: str
    metavar: str
    words: str


TASK = (
    Argument("--input-tokens", "input_tokens", "N", "prompt tokens of each request"),
    Argument("--output-tokens", "output_tokens", "N", "answer tokens of each request"),
    Argument("--levels", "levels", "N,N,...", "requests kept in flight, one level after the other (1,4,16,64)"),
    Argument("--most", "most_in_flight", "N", "double the last level while throughput still rises, up to this (256)"),
    Argument("--repeats", "repeats", "N", "runs of each level (3)"),
    Argument("--requests-per-slot", "requests_per_slot", "N", "requests of a run for each one in flight (4)"),
    Argument("--least-requests", "least_requests", "N", "requests of a run at least (12)"),
    Argument("--ttft-ms", "ttft_p95_ms", "X", "latency target: P95 of the time to the first token, ms"),
    Argument("--tpot-ms", "tpot_p95_ms", "X", "latency target: P95 of the time per token after it, ms"),
    Argument("--rates", "open_rates_per_s", "X,X,...", "requests a second to send after the levels, answered or not"),
    Argument("--rate-seconds", "open_seconds", "X", "length of each rate test, s (30)"),
    Argument("--endpoint", "endpoint", "PATH", "auto, completions or chat (auto)"),
    Argument("--prompts", "prompts", "KIND", "auto, token_ids or text (auto)"),
    Argument("--temperature", "temperature", "X", "sampling temperature (0)"),
    Argument("--stall-seconds", "stall_s", "X", "a request fails when nothing arrives for this long, s (30)"),
    Argument("--request-seconds", "request_s", "X", "a request fails when it takes longer than this, s (600)"),
    Argument("--input-usd-per-mtok", "input_usd_per_mtok", "USD", "price of prompt tokens, per million"),
    Argument("--output-usd-per-mtok", "output_usd_per_mtok", "USD", "price of answer tokens, per million"),
)
BUDGET = (
    Argument("--max-requests", "requests", "N", "requests at most, warm-up included (20000)"),
    Argument("--max-tokens", "tokens", "N", "prompt and answer tokens at most (20000000)"),
    Argument("--max-seconds", "seconds", "X", "seconds at most (3600)"),
    Argument("--max-usd", "usd", "USD", "dollars at most; needs a price"),
)
FLAG_OF = {argument.field: argument.flag for argument in TASK} | {"usd_per_hour": "--usd-per-gpu-hour"}
BUDGET_FLAG_OF = {argument.field: argument.flag for argument in BUDGET}


def add_run(parser: argparse.ArgumentParser) -> None:
    """Everything that `planner probe URL` takes."""
    parser.add_argument("url", metavar="URL", help="the server, such as http://127.0.0.1:8000")
    add_server(parser)
    _add(parser.add_argument_group("what is sent"), TASK)
    own = "let answers end by themselves, in place of asking for all of --output-tokens"
    parser.add_argument("--own-length", action="store_true", help=own)
    _add(parser.add_argument_group("what may be used up"), BUDGET)
    plan = parser.add_argument_group("from a plan")
    plan.add_argument("--scenario", type=Path, metavar="FILE", help="lengths, levels, target and GPUs of this plan")
    plan.add_argument("--option", metavar="ID", help="which of its options; needed when several serve themselves")
    add_day(parser)
    add_result(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask before the start")
    _add_cross_check(parser.add_argument_group("a second tool"))


def add_server(parser: argparse.ArgumentParser) -> None:
    """Which model of which server, and what the server cannot tell."""
    parser.add_argument(
        "--model", metavar="NAME", help="name that the server serves it under (the only one that it serves)"
    )
    parser.add_argument(
        "--api-key-env", metavar="NAME", help="environment variable with the key; a key is never typed here"
    )
    parser.add_argument("--api-key", nargs="?", default=None, const="", help=argparse.SUPPRESS)
    add_declared(parser)


def add_declared(parser: argparse.ArgumentParser) -> None:
    """What the owner says: a server does not tell its GPU."""
    said = parser.add_argument_group("what a server does not tell")
    said.add_argument("--gpu", metavar="TEXT", help='GPUs of the replica: "H100 SXM x2", or cpu')
    said.add_argument("--format", metavar="ID", help="number format of the weights, such as fp8")
    said.add_argument("--catalog-model", metavar="ID", help="model of the catalog, such as llama-3.3-70b")
    said.add_argument("--usd-per-gpu-hour", metavar="USD", help="what one of its GPUs costs an hour")
    said.add_argument("--server-flags", default="", metavar="TEXT", help="how the server was started")
    said.add_argument("--note", default="", metavar="TEXT", help="what a reviewer should know")


def add_result(parser: argparse.ArgumentParser) -> None:
    """Where the result goes."""
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="file to write; else it is kept here")
    parser.add_argument("--force", action="store_true", help="overwrite --out when it is there already")
    parser.add_argument("--json", action="store_true", help="print the document, not its tables")


def _add_cross_check(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--with", dest="with_tool", choices=["vllm-bench"], help="measure one or two levels again by it")
    group.add_argument(
        "--vllm-bench", metavar="PROGRAM", help="the vllm program (PLANNER_VLLM, else the one installed)"
    )
    group.add_argument("--tokenizer", type=Path, metavar="DIR", help="folder with the tokenizer, which it needs")


def _add(group: argparse._ArgumentGroup, arguments: tuple[Argument, ...]) -> None:
    for argument in arguments:
        group.add_argument(argument.flag, metavar=argument.metavar, help=argument.words)
