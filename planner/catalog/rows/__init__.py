"""The rows of the tables in `data/`: one frozen type per table, one field per column, units in the names."""

from planner.catalog.rows.base import Row, SourcedRow, columns, context
from planner.catalog.rows.defaults import DefaultRow
from planner.catalog.rows.formats import FormatEvidenceRow, FormatRow, QualityRow
from planner.catalog.rows.hardware import ComputeRate, GpuPriceRow, GpuRow, ServerPriceRow
from planner.catalog.rows.measured import MeasuredRow
from planner.catalog.rows.models import LicenceRow, ModelRow, NamedRow
from planner.catalog.rows.prices import ApiCheckRow, ApiPriceRow, ContractedPriceRow, RetirementRow
from planner.domain.prices import PriceTerm, ProviderTier

__all__ = [
    "ApiCheckRow",
    "ApiPriceRow",
    "ComputeRate",
    "ContractedPriceRow",
    "DefaultRow",
    "FormatEvidenceRow",
    "FormatRow",
    "GpuPriceRow",
    "GpuRow",
    "LicenceRow",
    "MeasuredRow",
    "ModelRow",
    "NamedRow",
    "PriceTerm",
    "ProviderTier",
    "QualityRow",
    "RetirementRow",
    "Row",
    "ServerPriceRow",
    "SourcedRow",
    "columns",
    "context",
]
