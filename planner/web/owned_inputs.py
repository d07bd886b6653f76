"""The fields of an option on servers that the team buys, and of one on workstations."""

from __future__ import annotations

from typing import Any

import streamlit as st

from planner.catalog.rows import ServerPriceRow
from planner.domain.base import as_of_date
from planner.domain.options import OwnedOption
from planner.web import fields
from planner.web.editing import widget_key
from planner.web.forms import Line, button, form, section
from planner.web.option_switch import set_many
from planner.web.self_hosted_inputs import fleet_inputs, model_inputs
from planner.web.state import PathKey, catalog, today
from planner.web.text import md, small
from planner.web.throughput_inputs import throughput_inputs

SERVER_ALONE = "server alone: network, rack, installation and tax come on top; replace it by your own quote"

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
ANY_SERVER_GPU = "h100-sxm"
POWER_AND_LIFE: dict[str, Any] = {"idle_kw": 2.4, "max_kw": 10.2}
"""Assumed of an 8-GPU server whose row does not state them; its owner replaces them."""
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


def new_server(gpu_id: str) -> dict[str, Any]:
    """What an owned option starts with, until its owner has a quote: the newest listed server of the GPU, else one of
    another GPU, which its source names."""
    maintenance = catalog().tables.default_by_name["server_maintenance_fraction_per_year"].value
    start = {**POWER_AND_LIFE, "maintenance_fraction_per_year": maintenance}
    listed = listed_servers(gpu_id) or listed_servers(ANY_SERVER_GPU)
    return {**start, **server_figures(listed[0])}


def listed_servers(gpu_id: str) -> list[ServerPriceRow]:
    """Prices known today of whole servers with this GPU, newest first."""
    rows = [row for row in catalog().tables.server_prices if row.gpu_id == gpu_id and row.kind == "server"]
    known = [row for row in rows if as_of_date(row.as_of) <= today()] or rows
    return sorted(known, key=lambda row: as_of_date(row.as_of), reverse=True)


def server_figures(row: ServerPriceRow) -> dict[str, Any]:
    """The fields of a server that its row fills: price, GPUs, power where it is stated, and where they come from."""
    found: dict[str, Any] = {"usd_per_server": row.usd_per_server, "gpus_per_server": row.gpus_per_server}
    if row.max_kw is not None:
        found["max_kw"] = row.max_kw
    found["provenance"] = {
        "origin": "assumed",
        "source": f"{row.vendor} {row.name}: {row.source}; power and life assumed",
        "source_url": row.source_url,
        "as_of": row.as_of,
        "note": SERVER_ALONE,
    }
    return found


def _listed(path: PathKey, option: OwnedOption) -> None:
    """Buttons that fill in a server of the catalog."""
    rows = listed_servers(option.gpu_id)
    for row in rows:
        label = f"Start from a listed server: {row.vendor} {row.name}, {row.usd_per_server:,.0f} USD ({row.as_of})"
        button(label, widget_key((*path, "server", "listed", row.server_id)), _take, path, option, row)
    none = "" if rows else "No server with this GPU is listed: type in your quote. "
    st.markdown(small(md(f"{none}A listed price is the {SERVER_ALONE}.")))


def _take(path: PathKey, option: OwnedOption, row: ServerPriceRow) -> None:
    set_many(path, {"server": {**option.server.model_dump(), **server_figures(row)}})


def owned_inputs(path: PathKey, option: OwnedOption) -> None:
    """Model and GPU, the server, throughput and fleet rules."""
    model_inputs(path)
    server = (*path, "server")
    _listed(path, option)
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
