"""The catalog: curated tables and the price library as one value, loaded once and passed as an argument."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from planner.catalog import prices
from planner.catalog.tables import ROW_TYPES, Tables, load_tables

DATA_DIR = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True)
class Catalog:
    """Every dated fact the model may use."""

    tables: Tables
    version: str

    def token_prices(self, provider: str, model: str, on: dt.date, months: int) -> prices.ListedPrices:
        """Prices per token in each month from `on`; raises PriceUnknown."""
        return prices.token_prices(provider, model, on, months)


def load(data_dir: Path = DATA_DIR, local_dir: Path | None = None) -> Catalog:
    """Read and check `data/` and the rows an installation added to it; raises CatalogError with every bad row."""
    tables = load_tables(data_dir, local_dir=local_dir)
    digest = hashlib.sha256()
    for folder in (data_dir, local_dir):
        for row_type in ROW_TYPES:
            if folder is not None and (path := folder / row_type.FILE).is_file():
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Catalog(tables, f"{prices.library_version()}; tables {digest.hexdigest()[:12]}")


def local_folder() -> Path:
    """Where this installation keeps the rows it adds: PLANNER_CATALOG, or var/catalog beside the program."""
    return Path(os.environ.get("PLANNER_CATALOG") or DATA_DIR.parent / "var" / "catalog")
