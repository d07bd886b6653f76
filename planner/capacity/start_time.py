"""SCA-3: from "one more replica" to its first request. Autoscaling must look at least this far ahead.

machine + image / pull rate + weights / (download rate) + weights / (load rate) + warm-up, one after the other. A step
that does not happen (a machine that is kept, an image or weights that are already there) has no size.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from planner.domain.base import Origin

SECONDS_PER_MINUTE = 60
MINUTES_PER_HOUR = 60


class StartDefault(NamedTuple):
    """One default of the start time and where it comes from."""

    value: float
    unit: str
    origin: Origin
    source: str
    source_url: str = ""


DEFAULTS: dict[str, StartDefault] = {
    "machine_s": StartDefault(120, "s", "assumed", "planning assumption: a cloud GPU machine that is in stock boots"),
    "image_gb": StartDefault(10, "GB", "assumed", "planning assumption: an engine's container image with CUDA"),
    "download_gb_per_s": StartDefault(
        1.0, "GB/s", "assumed", "planning assumption: object store or registry over a 10 to 25 Gbit/s link"
    ),
    "load_gb_per_s": StartDefault(
        0.33,
        "GB/s",
        "published",
        "Run:ai Model Streamer benchmarks, 2024-10: Llama 3 8B, 16 GB, with the engine's default loader from a "
        "general-purpose SSD in 47.99 s; 2.1 GB/s was reached with a streaming loader from a fast SSD (7.53 s)",
        "https://run.ai/blog/run-ai-model-streamer-performance-benchmarks",
    ),
    "warm_up_s": StartDefault(
        60,
        "s",
        "assumed",
        "planning assumption: compilation (about 39 s published for a 35B model without a cache), memory profiling and "
        "graph capture",
        "https://route179.dev/2026/06/30/optimizing-vllm-cold-start-with-model-streaming-and-compile-caching/",
    ),
}
"""What a start takes when nothing better is known; measure your own."""


class Start(NamedTuple):
    """Seconds of each step of a start, in order."""

    machine_s: float
    image_s: float
    download_s: float
    load_s: float
    warm_up_s: float

    @property
    def total_s(self) -> float:
        """Seconds from the order to the first request."""
        return sum(self)

    @property
    def total_minutes(self) -> float:
        """The same in minutes, as a scenario's cold start is given."""
        return self.total_s / SECONDS_PER_MINUTE

    @property
    def lead_hours(self) -> int:
        """Whole hours that an hourly plan must look ahead (SCA-1)."""
        return math.ceil(self.total_minutes / MINUTES_PER_HOUR)


def start_time(
    weights_gb: float,
    *,
    machine_s: float = DEFAULTS["machine_s"].value,
    image_gb: float = DEFAULTS["image_gb"].value,
    download_gb_per_s: float = DEFAULTS["download_gb_per_s"].value,
    load_gb_per_s: float = DEFAULTS["load_gb_per_s"].value,
    warm_up_s: float = DEFAULTS["warm_up_s"].value,
    weights_on_machine: bool = False,
) -> Start:
    """SCA-3 for weights of so many 10^9 bytes; `weights_on_machine`: a disk that is attached already holds them."""
    if min(download_gb_per_s, load_gb_per_s) <= 0:
        raise ValueError("Download and load rates must be more than 0 GB/s; leave them out for the defaults.")
    downloaded = 0.0 if weights_on_machine else weights_gb
    return Start(
        machine_s=machine_s,
        image_s=image_gb / download_gb_per_s,
        download_s=downloaded / download_gb_per_s,
        load_s=weights_gb / load_gb_per_s,
        warm_up_s=warm_up_s,
    )
