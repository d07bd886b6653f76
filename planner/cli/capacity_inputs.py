"""The arguments of `planner capacity`, and the question they make; everything wrong with them at once."""

from __future__ import annotations

import argparse
import re
from typing import Any, get_args

from pydantic import ValidationError

from planner.catalog.tables import Tables
from planner.cli.inputs import InputError, add_day
from planner.decision.candidates import request_problems
from planner.domain.capacity import CapacityRequest
from planner.domain.prices import PriceTerm, ProviderTier
from planner.domain.serving import EngineName

_FLAGS = {
    "peak_requests_per_s": "--requests-per-s",
    "mean_requests_per_s": "--mean-requests-per-s",
    "input_tokens": "--input-tokens",
    "output_tokens": "--output-tokens",
    "cached_fraction": "--cached-fraction",
    "tpot_slo_ms": "--tpot-ms",
    "ttft_slo_ms": "--ttft-ms",
    "slo_percentile": "--percentile",
    "model_ids": "--model",
    "format_ids": "--format",
    "gpu_ids": "--gpu",
    "kv_cache_bits": "--kv-bits",
    "gpu_memory_utilisation_fraction": "--utilisation",
    "max_model_len": "--max-model-len",
    "max_num_seqs": "--max-num-seqs",
    "max_gpus_per_replica": "--max-gpus",
    "max_pipeline_stages": "--max-stages",
    "budget_usd_per_month": "--budget",
    "spare_replicas": "--spares",
    "min_replicas": "--min-replicas",
    "providers": "--provider",
    "most_candidates": "--most",
}
"""Field of the question by the flag that sets it; the others carry their own name."""
_NUMBERS = (
    ("--requests-per-s", "requests a second at the peak", True),
    ("--input-tokens", "mean prompt tokens of a request", True),
    ("--output-tokens", "mean generated tokens of a request", True),
    ("--mean-requests-per-s", "mean requests a second over the month (as at the peak)", False),
    ("--cached-fraction", "share of the prompt found in the prefix cache (0)", False),
    ("--tpot-ms", "target: time per output token, ms (60)", False),
    ("--ttft-ms", "target: time to the first token, ms (2000)", False),
    ("--percentile", "percentile at which both hold (95)", False),
    ("--utilisation", "share of GPU memory that the engine may use (0.9)", False),
)


def add_question(parser: argparse.ArgumentParser) -> None:
    """The load, the target and what to search."""
    _add_load(parser)
    parser.add_argument("--model", action="append", default=None, metavar="ID", help="model; again for more (all)")
    parser.add_argument("--format", action="append", default=None, metavar="ID", help="weight format; again for more")
    parser.add_argument("--gpu", action="append", default=None, metavar="ID", help="GPU; again for more (all)")
    parser.add_argument("--max-gpus", type=int, default=None, metavar="N", help="most GPUs of one replica (8)")
    parser.add_argument("--max-stages", type=int, default=None, metavar="N", help="most pipeline stages (2)")
    terms, tiers = get_args(PriceTerm), get_args(ProviderTier)
    parser.add_argument("--term", action="append", default=None, choices=terms, help="way to pay (on_demand)")
    parser.add_argument("--tier", action="append", default=None, choices=(*tiers, "all"), help="kind of provider")
    parser.add_argument("--provider", action="append", default=None, metavar="NAME", help="provider; again for more")
    parser.add_argument("--region", default=None, metavar="START", help="start of the region's name")
    parser.add_argument("--budget", type=float, default=None, metavar="USD", help="most GPU rent a month")
    parser.add_argument("--spares", type=int, default=None, metavar="N", help="spare replicas (1)")
    parser.add_argument("--min-replicas", type=int, default=None, metavar="N", help="replicas kept when idle (1)")
    parser.add_argument("--regions", type=int, default=None, metavar="N", help="regions that share the load (1)")
    parser.add_argument("--survive-region-loss", action="store_true", help="the others must carry the peak")
    parser.add_argument("--single-gpus", action="store_true", help="price single GPUs, not the instances they come in")
    parser.add_argument("--ignore-licences", action="store_true", help="do not leave models out for their licence")
    parser.add_argument("--most", type=int, default=None, metavar="N", help="candidates kept (200)")


def add_deployment(parser: argparse.ArgumentParser) -> None:
    """The load, the target and one deployment."""
    _add_load(parser)
    for flag, what in (("--model", "model"), ("--format", "weight format"), ("--gpu", "GPU")):
        parser.add_argument(flag, action="append", required=True, metavar="ID", help=what)
    parser.add_argument("--tp", type=int, default=1, metavar="N", help="GPUs that share every layer (1)")
    parser.add_argument("--pp", type=int, default=1, metavar="N", help="stages that the layers are split over (1)")


def _add_load(parser: argparse.ArgumentParser) -> None:
    for flag, words, required in _NUMBERS:
        parser.add_argument(flag, type=float, required=required, default=None, metavar="X", help=words)
    parser.add_argument("--engine", choices=get_args(EngineName), default=None, help="serving engine (vllm)")
    parser.add_argument("--kv-bits", type=int, choices=(8, 16), default=None, help="bits of the KV cache")
    parser.add_argument(
        "--max-model-len", type=int, default=None, metavar="N", help="longest prompt plus answer, tokens"
    )
    parser.add_argument("--max-num-seqs", type=int, default=None, metavar="N", help="requests side by side")
    add_day(parser)


def question(options: argparse.Namespace, tables: Tables) -> CapacityRequest:
    """The question of a command line; InputError with everything that is wrong."""
    problems, given = _one_each(options), _fields(options)
    problems += request_problems(CapacityRequest.model_construct(**given), tables)
    try:
        asked = CapacityRequest.model_validate(given)
    except ValidationError as error:
        raise InputError(_joined([*_told(error), *problems])) from None
    if problems:
        raise InputError(_joined(problems))
    return asked


def _fields(options: argparse.Namespace) -> dict[str, Any]:
    """What was given, under the names of the question's fields."""
    given = vars(options)
    fields = {name: given.get(_place(flag)) for name, flag in _FLAGS.items()}
    latency = {name: fields.pop(name) for name in ("tpot_slo_ms", "ttft_slo_ms", "slo_percentile")}
    fields |= {name: given.get(name) for name in ("engine", "region", "regions")} | {"terms": given.get("term")}
    found: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    found["latency"] = {name: value for name, value in latency.items() if value is not None}
    if (tiers := given.get("tier")) is not None:
        found["provider_tiers"] = () if "all" in tiers else tuple(tiers)
    for name, flag in (("whole_instances", "single_gpus"), ("check_licences", "ignore_licences")):
        found[name] = not given.get(flag, False)
    return found | {"survive_region_loss": bool(given.get("survive_region_loss"))}


def _place(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _one_each(options: argparse.Namespace) -> list[str]:
    """What is wrong with a single deployment: repeated names, and GPUs that cannot be counted."""
    if not hasattr(options, "tp"):
        return []
    many = [flag for flag in ("--model", "--format", "--gpu") if len(getattr(options, _place(flag))) > 1]
    found = [f"{flag} is given more than once: name one deployment, or use `planner capacity find`." for flag in many]
    return found + [
        f"--{name} {n}: give 1 to 64." for name in ("tp", "pp") if not 1 <= (n := getattr(options, name)) <= 64
    ]


def _told(error: ValidationError) -> list[str]:
    """A sentence for each thing that is wrong, with the flag that it is about."""
    said = []
    for found in error.errors(include_url=False):
        name = next((str(part) for part in reversed(found["loc"]) if isinstance(part, str)), "")
        message = found["msg"].removeprefix("Value error, ").replace("Input should be", "give")
        flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
        said.append(f"{flag} {found['input']}: {message}." if name else f"{_with_flags(message)}.")
    return said


def _with_flags(message: str) -> str:
    """A message on several fields, with the flags that set them."""
    for name, flag in _FLAGS.items():
        message = re.sub(rf"\b{name}\b", flag, message)
    return message[:1].upper() + message[1:]


def _joined(problems: list[str]) -> str:
    return "\n  ".join(problems)
