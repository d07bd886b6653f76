"""The fields of an option on servers that the team buys, and of one on workstations."""

from __future__ import annotations

from typing import Any

from planner.domain.options import OwnedOption
from planner.web import fields
from planner.web.forms import Line, form, section
from planner.web.self_hosted_inputs import fleet_inputs, model_inputs
from planner.web.state import PathKey
from planner.web.throughput_inputs import throughput_inputs

SERVER = (
    Line("usd_per_server", "Server (USD, with network, rack, tax)"),
    Line("gpus_per_server", "GPUs in one server"),
    Line("life_months", "Life of a server (months)"),
)
SERVER_MORE = (
    Line("residual_fraction", "Worth after its life (share of the price)", 0.05),
    Line("idle_kw", "Power of an idle server (kW)", 0.1),
    Line("max_kw", "Power of a busy server (kW)", 0.1),
    Line("pue_ratio", "Facility power over server power (PUE, from 1)", 0.05),
    Line("electricity_usd_per_kwh", "Electricity (USD per kWh)", 0.01),
    Line("colocation_usd_per_kw_month", "Colocation (USD per kW and month)", 10),
    Line("maintenance_fraction_per_year", "Maintenance (share of the price a year)", 0.01),
    Line("licence_usd_per_gpu_year", "Software licences (USD per GPU and year)", 100),
)
MACHINE = (
    Line("model", "Model and format on the machine"),
    Line("developers", "People who need a machine each"),
    Line("prompt_tokens_per_s", "Prompt speed of one machine (tokens/s)", 50),
    Line("output_tokens_per_s", "Output speed of one request (tokens/s)", 5),
    Line("parallel_slots", "Requests side by side at that speed"),
    Line("usd_per_machine", "Machine (USD)"),
    Line("allocated_fraction", "Share of it charged here (0 = it exists anyway)", 0.1),
)
MACHINE_MORE = (
    Line("life_months", "Life of a machine (months)"),
    Line("residual_fraction", "Worth after its life (share of the price)", 0.05),
    Line("busy_kw", "Power while it works (kW)", 0.05),
    Line("electricity_usd_per_kwh", "Electricity (USD per kWh)", 0.01),
    Line("extra_wait_s_per_request", "Longer wait per request (s)", 0.5),
)
NEW_SERVER: dict[str, Any] = {
    "usd_per_server": "250142",
    "idle_kw": 2.4,
    "max_kw": 10.2,
    "maintenance_fraction_per_year": 0.12,
    "provenance": {
        "origin": "assumed",
        "source": "8x H100 server and its maintenance: Lenovo Press LP2368, read from a copy; power and life assumed",
        "source_url": "https://lenovopress.lenovo.com/lp2368",
        "as_of": "2026-01-15",
        "note": "server alone: network, rack, installation and tax come on top; replace it by your own quote",
    },
}
"""What an owned option starts with, until its owner has a quote."""
NEW_WORKSTATION: dict[str, Any] = {
    "model": "gpt-oss-20b, MXFP4, on Ollama",
    "developers": 10,
    "prompt_tokens_per_s": 1000.0,
    "output_tokens_per_s": 60.0,
    "usd_per_machine": "3000",
    "provenance": {
        "origin": "assumed",
        "source": "starting figures for a desktop with one consumer GPU; measure your own",
    },
}


def owned_inputs(path: PathKey, option: OwnedOption) -> None:
    """Model and GPU, the server, throughput and fleet rules."""
    model_inputs(path)
    server = (*path, "server")
    form(server, SERVER)
    with section("Power, place and upkeep of a server", path, "server") as is_open:
        if is_open:
            form(server, SERVER_MORE)
    fields.provenance_inputs((*server, "provenance"))
    throughput_inputs(path, option)
    fleet_inputs(path, option)


def workstation_inputs(path: PathKey) -> None:
    """The machine, what it serves, and what it costs."""
    form(path, MACHINE)
    with section("Life, power and waiting", path, "machine") as is_open:
        if is_open:
            form(path, MACHINE_MORE)
    fields.provenance_inputs((*path, "provenance"))
