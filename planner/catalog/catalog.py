"""The catalog: curated tables and the price library as one value, loaded once and passed as an argument."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from planner.catalog import prices
from planner.catalog.tables import Tables, load_tables

DATA_DIR = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True)
class Catalog:
    """Every dated fact the model may use."""

    tables: Tables
    version: str

    def token_prices(self, provider: str, model: str, on: dt.date, months: int) -> prices.ListedPrices:
        """Prices per token in each month from `on`; raises PriceUnknown."""
        return prices.token_prices(provider, model, on, months)


def load(data_dir: Path = DATA_DIR) -> Catalog:
    """Read and check `data/`; raises CatalogError with every bad row."""
    tables = load_tables(data_dir)
    digest = hashlib.sha256()
    for path in sorted(data_dir.glob("*.csv")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Catalog(tables, f"{prices.library_version()}; tables {digest.hexdigest()[:12]}")
