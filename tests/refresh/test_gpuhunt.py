"""The catalogs that gpuhunt publishes: fetched within our limits, read by the real package."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest

from planner.catalog.catalog import Catalog
from planner.catalog.rows import GpuPriceRow
from planner.refresh.run import SourceReport, chosen, refresh
from planner.refresh.sources.gpuhunt import GPUHUNT, PROVIDERS
from tests.refresh.loopback import QUICK, Answer, Loopback, body, status

ON = dt.date(2026, 11, 21)


COLUMNS = (
    *("provider", "instance_name", "location", "price", "cpu", "memory", "gpu_count", "gpu_name", "gpu_memory", "spot"),
    *("disk_size", "gpu_vendor", "flags", "cpu_arch", "provider_data"),
)
Offer = dict[str, str]


def offer(
    provider: str, instance: str, location: str, usd: float, gpus: int, gpu: str, memory: float = 80, spot: bool = False
) -> Offer:
    """One machine for one hour."""
    cells = (provider, instance, location, usd, 8, 64, gpus, gpu, memory, spot, "", "nvidia", "", "x86", "{}")
    return {name: str(cell) for name, cell in zip(COLUMNS, cells, strict=True)}


def save(offers: list[Offer], path: Path) -> None:
    """A provider's file: its name says whose it is."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS[1:], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(offers)


OFFERS = [
    offer("gcp", "a3-highgpu-8g", "us-central1-a", 88, 8, "H100"),
    offer("gcp", "a3-highgpu-8g", "us-central1-b", 88, 8, "H100"),
    offer("gcp", "a3-highgpu-8g", "europe-west4-b", 99, 8, "H100"),
    offer("gcp", "a3-highgpu-8g", "us-central1-a", 40, 8, "H100", spot=True),
    offer("gcp", "a3-highgpu-8g", "us-central1-b", 48, 8, "H100", spot=True),
    offer("gcp", "a3-highgpu-8g", "us-central1-c", 56, 8, "H100", spot=True),
    offer("aws", "p5.48xlarge", "us-east-1", 24, 8, "H100", spot=True),
    offer("aws", "p5.48xlarge", "us-east-1", 99, 8, "H100"),
    offer("runpod", "NVIDIA H100 80GB HBM3", "EU-1", 3.6, 1, "H100"),
    offer("runpod", "NVIDIA H100 PCIe", "EU-1", 2.8, 1, "H100"),
    offer("runpod", "NVIDIA A100 80GB PCIe", "EU-1", 1.5, 1, "A100"),
    offer("runpod", "NVIDIA A100-SXM4-80GB", "EU-1", 1.7, 1, "A100"),
    offer("runpod", "NVIDIA L4", "EU-1", 0.5, 1, "L4", 24),
    offer("verda", "1H100.80S.32V", "FIN-01", 2.3, 1, "H100"),
]


def archive(provider: str, folder: Path) -> bytes:
    """`catalog.zip` as it is published."""
    path = folder / f"{provider}.csv"
    save([found for found in OFFERS if found["provider"] == provider], path)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path, path.name)
    return packed.getvalue()


@pytest.fixture
def shop(server: Loopback, tmp_path_factory: pytest.TempPathFactory) -> Loopback:
    folder = tmp_path_factory.mktemp("gpuhunt")
    for provider in PROVIDERS:
        server.answers[f"/v3/{provider}/version"] = body(b"20261119-77\n", "binary/octet-stream")
        server.answers[f"/v3/{provider}/20261119-77/catalog.zip"] = body(archive(provider, folder), "application/zip")
    return server


def look(shop: Loopback, catalog: Catalog, folder: Path) -> SourceReport:
    (found,) = refresh([shop.source(GPUHUNT, "/v3")], catalog, ON, folder=folder).sources
    return found


def prices(found: SourceReport) -> dict[tuple[str, str, str], float]:
    assert found.snapshot is not None
    rows = [row for row in found.snapshot.rows if isinstance(row, GpuPriceRow)]
    return {(row.provider, row.gpu_id, row.term): row.usd_per_gpu_hour for row in rows}


def test_each_known_offer_gets_the_price_of_its_own_machine(shop: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    found = look(shop, catalog, tmp_path)
    assert found.status == "new rows"
    assert prices(found) == {
        ("GCP", "h100-sxm", "on_demand"): 11.0,  # 88 / 8, in us-central1 alone
        ("GCP", "h100-sxm", "spot"): 6.0,  # the middle of 5, 6 and 7
        ("AWS", "h100-sxm", "spot"): 3.0,  # 24 / 8; on demand is on AWS's own list
        ("RunPod", "h100-sxm", "on_demand"): 3.6,
        ("RunPod", "h100-pcie", "on_demand"): 2.8,
        ("RunPod", "l4", "on_demand"): 0.5,
    }


def test_what_cannot_be_told_apart_is_left_out(shop: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    """RunPod has two forms of the A100 at two prices; Verda's name does not say which H100 it is."""
    found = look(shop, catalog, tmp_path)
    assert any("a100-80gb at RunPod" in note and "several machines" in note for note in found.notes)
    assert any("h100-sxm at Verda" in name for name in found.diff.missing)


def test_rows_say_how_the_price_was_found(shop: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    found = look(shop, catalog, tmp_path)
    notes = {(row.provider, row.term): row.note for row in found.diff.rows if isinstance(row, GpuPriceRow)}
    assert notes["GCP", "spot"] == "a3-highgpu-8g; median of 3 places, 5 to 7"
    assert found.snapshot is not None
    assert found.snapshot.dated == dt.date(2026, 11, 19)


def test_a_provider_that_is_gone_is_noted(shop: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    shop.answers["/v3/runpod/version"] = status(404)
    found = look(shop, catalog, tmp_path)
    assert ("RunPod", "l4", "on_demand") not in prices(found)
    assert "RunPod is not in it." in found.notes


def huge() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("gcp.csv", b"0" * (QUICK.max_bytes + 1))
    return packed.getvalue()


def broken() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("gcp.csv", "".join(map(str, range(9999))))
    found = bytearray(packed.getvalue())
    found[60:90] = bytes(byte ^ 0xFF for byte in found[60:90])
    return bytes(found)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (status(500), "answered 500"),
        (body(broken(), "application/zip"), "no readable gcp.csv"),
        (body(b"not a zip", "application/zip"), "no readable gcp.csv"),
        (body(huge(), "application/zip"), "more than 2,000,000 bytes"),
        (body(b"<!doctype html>", "text/html"), "web page (HTML)"),
    ],
)
def test_an_archive_that_is_none_is_an_error(
    shop: Loopback, catalog: Catalog, tmp_path: Path, answer: Answer, said: str
) -> None:
    shop.answers["/v3/gcp/20261119-77/catalog.zip"] = answer
    found = look(shop, catalog, tmp_path)
    assert found.status == "failed"
    assert said in found.reason


def test_a_version_that_is_none_is_an_error(shop: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    shop.answers["/v3/gcp/version"] = body(b"../../etc", "text/plain")
    assert "no version" in look(shop, catalog, tmp_path).reason


def test_gpuhunts_own_settings_lead_to_a_mirror_or_a_folder(
    server: Loopback, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPUHUNT_CATALOG_URL", f"{server.url}/mirror/")
    (source,) = chosen(["gpuhunt"])
    assert source.url == f"{server.url}/mirror"
    (found,) = refresh([source], catalog, ON, folder=tmp_path / "catalog").sources
    assert "none of the catalogs" in found.reason
    assert server.asked[0] == "/mirror/aws/version"
    for provider in PROVIDERS:
        archive(provider, tmp_path)
    monkeypatch.setenv("GPUHUNT_CATALOG_DIR", str(tmp_path))
    (offline,) = refresh(chosen(["gpuhunt"]), catalog, ON, folder=tmp_path / "catalog").sources
    assert len(prices(offline)) == 6


def test_nothing_known_in_it_is_refused(
    server: Loopback, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for provider in PROVIDERS:
        save([], tmp_path / f"{provider}.csv")
    monkeypatch.setenv("GPUHUNT_CATALOG_DIR", str(tmp_path))
    (found,) = refresh(chosen(["gpuhunt"]), catalog, ON, folder=tmp_path / "catalog").sources
    assert (found.status, [o.code for o in found.objections]) == ("refused", ["FEWER"])
