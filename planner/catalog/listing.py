"""The tables that the catalog page lists: their names, what can be filtered, and how they are sorted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from planner.catalog.history import State
from planner.catalog.library import LibraryModel
from planner.catalog.rows import QualityRow, Row
from planner.catalog.tables import Tables

Record = Row | LibraryModel


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as it is listed."""

    row_id: str
    record: Record
    seen_on: dt.date | None
    """Day of the figure; None when its source gives none."""
    state: State
    retires_on: dt.date | None
    deprecated: bool
    text: str = field(repr=False)
    """Everything it says, in lower case."""

    @property
    def as_of(self) -> str:
        """Date of the figure as its source gives it; empty when it gives none."""
        return str(getattr(self.record, "as_of", None) or "")

    @property
    def retiring(self) -> bool:
        """Whether its model is retired, has a day from which it is, or is marked deprecated."""
        return self.retires_on is not None or self.deprecated


class Facet(NamedTuple):
    """Something to filter by: its name, and what an entry says of it ("" when nothing)."""

    name: str
    of: Callable[[Entry], str]


class Sort(NamedTuple):
    """Something to sort by; what is not known comes last."""

    name: str
    of: Callable[[Entry], Any]


class TableSpec(NamedTuple):
    """A table that can be listed: its id, as in row ids, its name, and how it is filtered and sorted."""

    key: str
    title: str
    rows: Callable[[Tables], tuple[Row, ...]]
    facets: tuple[Facet, ...]
    sorts: tuple[Sort, ...]


def _text(column: str) -> Callable[[Entry], str]:
    return lambda entry: str(getattr(entry.record, column, "") or "")


def _facet(name: str, column: str) -> Facet:
    return Facet(name, _text(column))


def _sort(name: str, column: str) -> Sort:
    return Sort(name, lambda entry: getattr(entry.record, column, None))


def _price_sort(name: str, column: str) -> Sort:
    def value(entry: Entry) -> Any:
        record = entry.record
        return getattr(record.price if isinstance(record, LibraryModel) else record, column, None)

    return Sort(name, value)


def _provider_and_model(entry: Entry) -> str:
    return f"{getattr(entry.record, 'provider_name', '')}\0{getattr(entry.record, 'model', '')}"


def _of_list(entry: Entry) -> str:
    return "price library" if isinstance(entry.record, LibraryModel) else "dated rows"


def _service(entry: Entry) -> str:
    return str(getattr(entry.record, "service_tier", "standard"))


NEWEST = Sort("Newest first", lambda entry: -entry.seen_on.toordinal() if entry.seen_on else None)
OLDEST = Sort("Oldest first", lambda entry: entry.seen_on)
RETIREMENT = Sort("Retirement, soonest first", lambda entry: entry.retires_on)
ORIGIN = _facet("Origin", "origin")

TABLES: tuple[TableSpec, ...] = (
    TableSpec(
        "api_prices",
        "API prices",
        lambda t: t.api_prices,
        (_facet("Provider", "provider_name"), Facet("List", _of_list), Facet("Service tier", _service), ORIGIN),
        (
            Sort("Provider and model", _provider_and_model),
            _sort("Model", "model"),
            _price_sort("Input price, lowest first", "input_usd_per_mtok"),
            _price_sort("Output price, lowest first", "output_usd_per_mtok"),
            RETIREMENT,
            NEWEST,
            OLDEST,
        ),
    ),
    TableSpec(
        "gpu_prices",
        "GPU prices",
        lambda t: t.gpu_prices,
        (
            _facet("GPU", "gpu_id"),
            _facet("Provider", "provider"),
            _facet("Tier", "provider_tier"),
            _facet("Term", "term"),
            _facet("Region", "region"),
            ORIGIN,
        ),
        (
            _sort("Price, lowest first", "usd_per_gpu_hour"),
            _sort("GPU", "gpu_id"),
            _sort("Provider", "provider"),
            NEWEST,
            OLDEST,
        ),
    ),
    TableSpec(
        "server_prices",
        "Servers",
        lambda t: t.server_prices,
        (_facet("GPU", "gpu_id"), _facet("Vendor", "vendor"), ORIGIN),
        (_sort("Price, lowest first", "usd_per_server"), _sort("GPU", "gpu_id"), NEWEST, OLDEST),
    ),
    TableSpec(
        "gpus",
        "GPUs",
        lambda t: t.gpus,
        (_facet("Vendor", "vendor"), _facet("Generation", "architecture"), ORIGIN),
        (_sort("Name", "name"), _sort("Memory, least first", "memory_mib_reported"), NEWEST, OLDEST),
    ),
    TableSpec(
        "models",
        "Models",
        lambda t: t.models,
        (_facet("Licence", "licence_id"), _facet("Modality", "modality"), _facet("Attention", "attention"), ORIGIN),
        (_sort("Name", "name"), _sort("Parameters, fewest first", "total_params"), NEWEST, OLDEST),
    ),
    TableSpec(
        "formats",
        "Formats",
        lambda t: t.formats,
        (_facet("Runs at the rate of", "compute_rate"), ORIGIN),
        (_sort("Bits per weight, fewest first", "bits_per_weight"), _sort("Name", "name"), NEWEST, OLDEST),
    ),
    TableSpec(
        "format_evidence",
        "Format measurements",
        lambda t: t.format_evidence,
        (_facet("Format", "format_name"), _facet("Model", "model_name"), _facet("Runtime", "runtime"), ORIGIN),
        (_sort("Format", "format_name"), _sort("Model", "model_name"), NEWEST, OLDEST),
    ),
    TableSpec(
        "licences",
        "Licences",
        lambda t: t.licences,
        (Facet("Commercial use", lambda e: "allowed" if getattr(e.record, "commercial_allowed", False) else "not"),),
        (_sort("Name", "name"), NEWEST, OLDEST),
    ),
    TableSpec(
        "quality",
        "Quality",
        lambda t: t.quality,
        (_facet("Benchmark", "benchmark"), _facet("Model", "model_name"), ORIGIN),
        (
            _sort("Model", "model_name"),
            Sort("Score, highest first", lambda e: -e.record.score if isinstance(e.record, QualityRow) else None),
            NEWEST,
            OLDEST,
        ),
    ),
    TableSpec(
        "defaults",
        "Defaults",
        lambda t: t.defaults,
        (_facet("Unit", "unit"), ORIGIN),
        (_sort("Parameter", "parameter"), NEWEST, OLDEST),
    ),
    TableSpec(
        "measured",
        "Measured throughput",
        lambda t: t.measured,
        (
            _facet("Model", "model_name"),
            _facet("GPU", "gpu_name"),
            _facet("Format", "format_id"),
            _facet("Engine", "engine"),
            _facet("Load", "mode"),
        ),
        (
            _sort("Model", "model_name"),
            _sort("GPU", "gpu_name"),
            _sort("Output tokens/s, fewest first", "output_tokens_per_s"),
            NEWEST,
            OLDEST,
        ),
    ),
    TableSpec(
        "named",
        "Names in articles",
        lambda t: t.named,
        (
            _facet("Kind", "kind"),
            Facet("Exists", lambda e: "yes" if getattr(e.record, "exists", False) else "no"),
            _facet("Articles", "articles"),
        ),
        (_sort("Name", "name"), NEWEST, OLDEST),
    ),
    TableSpec(
        "retirements",
        "Retirements",
        lambda t: t.retirements,
        (_facet("Provider", "provider"), ORIGIN),
        (RETIREMENT, _sort("Provider", "provider"), _sort("Model", "model"), NEWEST, OLDEST),
    ),
    TableSpec(
        "api_price_checks",
        "Second opinions",
        lambda t: t.api_checks,
        (_facet("Provider", "provider"), _facet("Finding", "finding"), _facet("Other source", "checked_by")),
        (_sort("Provider", "provider"), _sort("Model", "model"), NEWEST, OLDEST),
    ),
    TableSpec(
        "contracted_prices",
        "Contracts",
        lambda t: t.contracted,
        (_facet("Owner", "owner"), _facet("Provider", "provider")),
        (_sort("Contract", "contract_id"), _sort("Owner", "owner"), NEWEST, OLDEST),
    ),
)
"""Every table of the catalog, in the order of the page."""
BY_KEY: Mapping[str, TableSpec] = {spec.key: spec for spec in TABLES}
