"""The catalogs that gpuhunt publishes: prices of clouds that have no open list of their own, and AWS spot prices.

The files are fetched here, within this program's limits; gpuhunt, an optional package, only reads them.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from planner.catalog.catalog import Catalog
from planner.catalog.rows import GpuPriceRow
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door, Limits, NotThere
from planner.refresh.snapshot import RowMaker, Snapshot, Source
from planner.refresh.sources.gpuhunt_child import NO_GPUHUNT
from planner.refresh.sources.offers import as_in_force, known_offers, newest, repriced
from planner.refresh.sources.text import day, number

PROVIDERS = {
    "aws": "AWS",
    "gcp": "GCP",
    "lambdalabs": "Lambda",
    "nebius": "Nebius",
    "runpod": "RunPod",
    "verda": "Verda",
}
ASKED_THEMSELVES = {("AWS", "on_demand")}
"""Prices that have a source of their own here."""
CHILD_S = 60
PLAIN_NAMES = {
    "a10": "A10",
    "a10g": "A10G",
    "b200": "B200",
    "b300": "B300",
    "gb200": "GB200",
    "gb300": "GB300",
    "gh200": "GH200",
    "h100-nvl": "H100NVL",
    "h200": "H200",
    "l4": "L4",
    "l40s": "L40S",
    "mi300x": "MI300X",
    "rtx-4090": "RTX4090",
    "rtx-5090": "RTX5090",
    "rtx-pro-6000": "RTXPRO6000",
    "t4": "T4",
}
"""GPUs that gpuhunt's name alone tells."""
A100 = {"a100-40gb": 40, "a100-80gb": 80}
H100_SIGNS = {"h100-sxm": re.compile(r"sxm|hbm3", re.I), "h100-pcie": re.compile(r"pcie", re.I)}
"""gpuhunt calls both forms H100; the instance's name may tell them apart."""


class _Item(NamedTuple):
    """One offer of a whole machine, as gpuhunt has it."""

    provider: str
    instance_name: str
    location: str
    price: float
    gpu_count: int
    gpu_name: str | None
    gpu_memory: float | None
    spot: bool


class NotInstalled(RefreshError):
    """The optional package is missing."""


def read(source: Source, catalog: Catalog, on: dt.date) -> Snapshot:
    """Today's price of every known offer that one instance of one of these clouds matches."""
    if find_spec("gpuhunt") is None:
        raise NotInstalled("gpuhunt is not installed.", 'Install it with `pip install "llm-tco-planner[refresh]"`.')
    known = known_offers(catalog, on, _asked)
    providers = [name for name, ours in PROVIDERS.items() if any(row.provider == ours for row in known)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(source.folder or scratch)
        absent, versions = ([], []) if source.folder else _fetch(source, providers, folder)
        items = _read_folder(folder, [name for name in providers if name not in absent])
    maker = RowMaker()
    priced = ((row, _price(row, items, maker)) for row in known)
    found = [(row, *price) for row, price in priced if price is not None]
    rows = repriced(found, f"gpuhunt catalog of {on}", "https://github.com/dstackai/gpuhunt", on, maker)
    return Snapshot(
        rows=rows,
        in_force=as_in_force(known),
        counts={"providers": len(providers) - len(absent), "offers": len(rows)},
        least={"offers": 1},
        dated=min(filter(None, map(day, versions)), default=None),
        notes=(*(f"{PROVIDERS[name]} is not in it." for name in absent), *maker.notes()),
    )


def _asked(row: GpuPriceRow) -> bool:
    if row.provider not in PROVIDERS.values() or (row.provider, row.term) in ASKED_THEMSELVES:
        return False
    return row.term in ("on_demand", "spot")


def _fetch(source: Source, providers: Sequence[str], folder: Path) -> tuple[list[str], list[str]]:
    """Save each provider's newest file as `<provider>.csv`; returns who has none, and the versions of the others."""
    absent, versions = [], []
    for provider in providers:
        try:
            version = source.door.get(f"{source.url}/{provider}/version", "bytes").decode("utf-8", "replace").strip()
            if not re.fullmatch(r"[\w.-]{1,40}", version):
                raise RefreshError(f"gpuhunt names no version of {provider}'s catalog.", "Try again later.")
            content = source.door.get(f"{source.url}/{provider}/{version}/catalog.zip", "bytes")
        except NotThere:
            absent.append(provider)
            continue
        (folder / f"{provider}.csv").write_bytes(_unzipped(content, f"{provider}.csv", source.door.limits.max_bytes))
        versions.append(version)
    if not versions:
        raise RefreshError("gpuhunt has none of the catalogs.", "They may have moved; install a newer gpuhunt.")
    return absent, versions


def _unzipped(content: bytes, name: str, max_bytes: int) -> bytes:
    """One file of an archive, no larger than the limit."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name) as file:
            inside = file.read(max_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, RuntimeError, ValueError) as error:
        raise RefreshError(
            f"gpuhunt's archive has no readable {name}.", "It may have been cut off; try again."
        ) from error
    if len(inside) > max_bytes:
        raise RefreshError(f"{name} in gpuhunt's archive has more than {max_bytes:,} bytes.", "It was cut off.")
    return inside


def _read_folder(folder: Path, providers: Sequence[str]) -> list[_Item]:
    """The offers in the files, read by gpuhunt in a process of its own."""
    command = [sys.executable, "-m", "planner.refresh.sources.gpuhunt_child", *providers]
    root = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"GPUHUNT_CATALOG_DIR": str(folder), "PYTHONPATH": path}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=CHILD_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise RefreshError(f"gpuhunt read for more than {CHILD_S} seconds.", "Try again later.") from error
    if done.returncode == NO_GPUHUNT:
        raise NotInstalled("gpuhunt is not installed.", 'Install it with `pip install "llm-tco-planner[refresh]"`.')
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise RefreshError(f"gpuhunt cannot read its catalogs: {said[0][:200]}.", "Install a newer gpuhunt.")
    items = [_Item(**json.loads(line)) for line in done.stdout.splitlines()]
    return [item for item in items if number(item.price) and item.price > 0]


def _price(row: GpuPriceRow, items: Sequence[_Item], maker: RowMaker) -> tuple[Decimal, str] | None:
    """USD for one GPU for one hour and how it was found; None when no instance matches, or several do."""
    matching = [item for item in items if _matches(row, item)]
    by_instance: dict[str, list[Decimal]] = {}
    for item in matching:
        by_instance.setdefault(item.instance_name, []).append(Decimal(str(item.price)) / item.gpu_count)
    if len({statistics.median_low(prices) for prices in by_instance.values()}) > 1:
        maker.refuse(f"{row.gpu_id} at {row.provider}, {row.term}", "several machines at different prices match")
        return None
    if not by_instance:
        return None
    name, prices = next(iter(by_instance.items()))
    places = f"median of {len(prices)} places, {float(min(prices)):.4g} to {float(max(prices)):.4g}"
    return statistics.median_low(prices), f"{name}; {places}" if len(set(prices)) > 1 else name


def _matches(row: GpuPriceRow, item: _Item) -> bool:
    if PROVIDERS.get(item.provider) != row.provider or item.spot != (row.term == "spot"):
        return False
    if row.region and not (item.location == row.region or item.location.startswith(f"{row.region}-")):
        return False
    if item.instance_name.lower() == row.instance.lower():
        return item.gpu_count == row.gpus_per_instance
    return not row.region and item.gpu_count == row.gpus_per_instance and _same_gpu(row.gpu_id, item)


def _same_gpu(gpu_id: str, item: _Item) -> bool:
    """Whether the machine certainly has this GPU."""
    name = (item.gpu_name or "").upper()
    if gpu_id in A100:
        return name == "A100" and item.gpu_memory == A100[gpu_id]
    if gpu_id in H100_SIGNS:
        return name == "H100" and bool(H100_SIGNS[gpu_id].search(item.instance_name))
    return name == PLAIN_NAMES.get(gpu_id, "").upper() != ""


GPUHUNT = Source(
    name="gpuhunt",
    title="gpuhunt catalogs",
    url="https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3",
    door=Door(
        hosts=frozenset({"https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com"}), limits=Limits(max_bytes=50_000_000)
    ),
    read=read,
    kept_from=lambda catalog: newest(catalog, _asked),
)
