"""The catalog: curated tables and the price library as one value, loaded once and passed as an argument."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from planner.catalog.prices import ListedPrices, Offer, PriceBook, library_version
from planner.catalog.tables import ROW_TYPES, Tables, load_tables
from planner.domain.prices import ServiceTier

DATA_DIR = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True)
class Catalog:
    """Every dated fact the model may use."""

    tables: Tables
    version: str
    prices: PriceBook = field(init=False, repr=False, compare=False)
    """Every per-token price of these tables."""

    def __post_init__(self) -> None:
        """The prices of the tables, indexed once."""
        object.__setattr__(self, "prices", PriceBook(self.tables))

    def token_prices(
        self,
        provider: str,
        model: str,
        on: dt.date,
        months: int,
        *,
        region: str = "",
        service_tier: ServiceTier = "standard",
    ) -> ListedPrices:
        """Prices per token in each month from `on`; raises PriceUnknown."""
        return self.prices.token_prices(Offer(provider, model, region, service_tier), on, months)

    def providers(self) -> tuple[str, ...]:
        """Ids of the providers that have per-token prices, sorted."""
        return self.prices.providers()

    def models(self, provider: str) -> tuple[str, ...]:
        """Ids of the models of one provider, sorted, aliases left out; none when it is not known."""
        return self.prices.models(provider)


def load(data_dir: Path = DATA_DIR, local_dir: Path | None = None, on: dt.date | None = None) -> Catalog:
    """Read and check `data/` and the rows an installation added to it; raises CatalogError with every bad row.

    A row dated after `on`, when given, is a bad one. The shipped folder itself adds nothing to what it has.
    """
    if local_dir is not None and local_dir.resolve() == data_dir.resolve():
        local_dir = None
    tables = load_tables(data_dir, on, local_dir)
    digest = hashlib.sha256()
    for folder in (data_dir, local_dir):
        for row_type in ROW_TYPES:
            if folder is not None and (path := folder / row_type.FILE).is_file():
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Catalog(tables, f"{library_version()}; tables {digest.hexdigest()[:12]}")


def local_folder() -> Path:
    """Where this installation keeps the rows it adds: PLANNER_CATALOG, or var/catalog beside the program."""
    return Path(os.environ.get("PLANNER_CATALOG") or DATA_DIR.parent / "var" / "catalog")


def installed() -> Catalog:
    """The catalog of this installation: shipped rows and its own."""
    return load(local_dir=local_folder())
