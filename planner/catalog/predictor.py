"""The throughput model as `scripts/fit_throughput.py` wrote it: constants, errors by class, what it was fitted on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError

from planner.catalog.sheets import CatalogError, Problem
from planner.domain.base import Value

FILE = "predictor.json"
_REMEDY = "Write it anew with `python -m scripts.fit_throughput`."


class Constant(Value):
    """One constant of the model."""

    name: str = Field(description="Name, with what it depends on after a slash.")
    value: PositiveFloat = Field(description="Value used.")
    low: PositiveFloat = Field(description="Least value the fit may take.")
    high: PositiveFloat = Field(description="Most.")
    fitted: bool = Field(description="Fitted to measured rows; else assumed.")
    at_bound: bool = Field(description="The fit would go further: not a measure of what it is named after.")
    unit: str = Field(description="Unit.")
    meaning: str = Field(description="What it stands for.")


class ErrorBand(Value):
    """Out-of-sample errors of one class of cases, and the factors on a prediction that 80 % of cases lie between."""

    name: str = Field(description="Class of cases, see `planner.capacity.throughput.classes`.")
    rows: int = Field(ge=0, description="Measured rows; 0: the band is that of the wider class.")
    groups: int = Field(ge=0, description="Configurations among them.")
    median_error: float | None = Field(ge=0, description="Median of |predicted / measured - 1|; None: no rows.")
    p90_error: float | None = Field(ge=0, description="90th percentile of the same.")
    bias: PositiveFloat | None = Field(description="Median of predicted / measured.")
    band_low: PositiveFloat = Field(description="Lower factor.")
    band_high: PositiveFloat = Field(description="Upper factor.")
    coverage: float | None = Field(ge=0, le=1, description="Share of the rows between them.")


class ErrorRow(Value):
    """Out-of-sample errors of one set of rows."""

    name: str = Field(description="Which rows.")
    rows: PositiveInt = Field(description="How many.")
    groups: PositiveInt = Field(description="Configurations among them.")
    median_error: float = Field(ge=0, description="Median of |predicted / measured - 1|.")
    p90_error: float = Field(ge=0, description="90th percentile of the same.")
    bias: PositiveFloat = Field(description="Median of predicted / measured.")
    coverage: float | None = Field(None, ge=0, le=1, description="Share of the rows within their 80 % band.")


class ChipBand(ErrorRow):
    """Errors on one chip class, and how much wider than elsewhere the bands must be on it."""

    wider: float = Field(ge=1, description="Factor that lowers the low end of a band and raises the high end.")
    configurations: Mapping[str, PositiveInt] = Field(description="Measured configurations by class of cases.")


class Training(Value):
    """What the model was fitted on: beyond it a prediction is marked."""

    rows: PositiveInt = Field(description="Measured rows.")
    groups: PositiveInt = Field(description="Configurations: source, model, GPU, format, count, TP, engine.")
    left_out: tuple[str, ...] = Field(description="Runs left out of the fit, with the reason.")
    ranges: Mapping[str, tuple[float, float]] = Field(description="Least and most of each quantity.")
    models: tuple[str, ...] = Field(description="Model ids.")
    formats: tuple[str, ...] = Field(description="Format ids.")
    gpus: tuple[str, ...] = Field(description="GPU ids.")
    generations: tuple[str, ...] = Field(description="Engine generations.")
    architectures: tuple[str, ...] = Field(description="GPU architectures.")
    alike: Mapping[str, PositiveInt] = Field(
        description="Configurations by kind of model and weight format, and by compressed KV cache and engine."
    )


class PredictorFit(Value):
    """Everything that is known of the throughput model's constants."""

    command: str = Field(description="What wrote this.")
    as_of: dt.date = Field(description="Newest day of a measured row.")
    measured_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the measured rows it was fitted on.")
    fitted: tuple[Constant, ...] = Field(min_length=1, description="Constants.")
    bands: tuple[ErrorBand, ...] = Field(min_length=1, description="Error classes.")
    chips: tuple[ChipBand, ...] = Field(min_length=1, description="Chip classes with measured rows.")
    cross_validated: tuple[ErrorRow, ...] = Field(description="Grouped cross-validation: errors of rows left out.")
    source_left_out: tuple[ErrorRow, ...] = Field(description="Errors on each source when no row of it was used.")
    in_sample: ErrorRow = Field(description="Errors on the rows it was fitted on: no measure of what to expect.")
    training: Training = Field(description="What it was fitted on.")

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """Every constant by name, and those of the bands."""
        found = {constant.name: constant.value for constant in self.fitted}
        return MappingProxyType(found | band_constants(self.bands, {chip.name: chip.wider for chip in self.chips}))


def band_constants(bands: Iterable[ErrorBand], wider: Mapping[str, float]) -> dict[str, float]:
    """`band_low/<class>` and `band_high/<class>`, factors on a prediction, and `band_wider/<chip class>` on those."""
    found = {f"band_wider/{name}": factor for name, factor in wider.items()}
    for band in bands:
        found |= {f"band_low/{band.name}": band.band_low, f"band_high/{band.name}": band.band_high}
    return found


def load_predictor(path: Path) -> PredictorFit:
    """The fit in this file; CatalogError with the file and the reason when it is missing or damaged."""
    try:
        return PredictorFit.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CatalogError(
            [Problem(path.name, 0, "", (error.strerror or "cannot be read").lower(), _REMEDY)]
        ) from error
    except ValidationError as error:
        raise CatalogError(
            Problem(path.name, 0, ".".join(map(str, found["loc"])), found["msg"], _REMEDY) for found in error.errors()
        ) from error
