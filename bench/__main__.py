"""Run every benchmark side by side and write what came out to bench/RESULTS.md."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path

from bench import (
    browser,
    calibration,
    candidates,
    catalog,
    documents,
    economics,
    kernel,
    predictors,
    probe,
    shape_transfer,
    sizing,
    usage,
)

RESULTS = Path(__file__).parent / "RESULTS.md"
PACKAGES = ("llm-tco-planner", "numpy", "pydantic", "genai-prices", "duckdb", "polars", "pandas", "pyspark")


def heading() -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return [
        "# Benchmarks",
        "",
        "Written by `make bench`; all figures are of one run.",
        "",
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {machine}. {versions}.",
        "",
    ]


def main() -> None:
    text = "\n".join(
        [
            *heading(),
            *kernel.report(),
            "",
            *economics.report(),
            "",
            *catalog.report(),
            "",
            *documents.report(),
            "",
            *usage.report(),
            "",
            *candidates.report(),
            "",
            *sizing.report(),
            "",
            *predictors.report(),
            "",
            *calibration.report(),
            "",
            *browser.report(),
            "",
            *shape_transfer.report(),
            "",
            *probe.report(),
            "",
        ]
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
