"""GPUs, what they rent for, and what servers and cards cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from planner.catalog.rows.base import SourcedRow, Text, UsdPerGpuHour
from planner.domain.base import Confidence, Slug
from planner.domain.prices import PriceTerm, ProviderTier

ComputeRate = Literal["fp16", "bf16", "fp8", "int8", "fp4"]


class GpuRow(SourcedRow):
    """One accelerator: memory, bandwidth and dense matrix rates (never the doubled sparse ones)."""

    FILE: ClassVar[str] = "gpus.csv"
    KEY: ClassVar[str] = "gpu_id"

    gpu_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name on screen.")
    vendor: Literal["NVIDIA", "AMD", "Apple"] = Field(description="Maker.")
    architecture: Text = Field(description="Chip generation.")
    compute_capability: Text = Field(description="CUDA compute capability, gfx name on AMD, Metal family on Apple.")
    memory_gb_label: PositiveFloat = Field(description="Memory as sold, GB on the label.")
    memory_mib_reported: PositiveInt = Field(
        description="Total the driver's tool prints, MiB; the GPU's share if unified."
    )
    memory_bandwidth_gb_per_s: PositiveFloat = Field(description="Peak memory bandwidth, 10^9 bytes per second.")
    tdp_w: PositiveFloat | None = Field(None, description="Board power limit, W.")
    fp16_dense_tflops: PositiveFloat | None = Field(None, description="Dense FP16 rate, TFLOP/s; blank: not supported.")
    bf16_dense_tflops: PositiveFloat | None = Field(None, description="Dense BF16 rate, TFLOP/s; blank: not supported.")
    fp8_dense_tflops: PositiveFloat | None = Field(None, description="Dense FP8 rate, TFLOP/s; blank: not supported.")
    int8_dense_tops: PositiveFloat | None = Field(None, description="Dense INT8 rate, TOP/s; blank: not supported.")
    fp4_dense_tflops: PositiveFloat | None = Field(None, description="Dense FP4 rate, TFLOP/s; blank: not supported.")
    interconnect: Text = Field(description="Link between the GPUs of a node.")
    interconnect_gb_per_s: PositiveFloat = Field(description="Both directions together, 10^9 bytes per second per GPU.")
    form_factor: Text = Field(description="Board or module.")
    cannot: str = Field("", description="What it cannot do, `; ` between; each starts with the name of the thing.")
    confidence: Confidence = Field(description="How far the row can be trusted.")


class GpuPriceRow(SourcedRow):
    """One rental price of one GPU for an hour, at one provider, on one term, in force from its date on."""

    FILE: ClassVar[str] = "gpu_prices.csv"
    KEY: ClassVar[str] = "price_id"
    REFERENCES: ClassVar[dict[str, str]] = {"gpu_id": "gpus.csv"}
    THING: ClassVar[tuple[str, ...]] = (
        "provider",
        "gpu_id",
        "instance",
        "gpus_per_instance",
        "term",
        "region",
        "as_of",
    )

    price_id: Slug = Field(description="Stable id of this dated price.")
    gpu_id: Slug = Field(description="GPU rented.")
    provider: Text = Field(description="Who rents it out.")
    provider_tier: ProviderTier = Field(description="marketplace, neocloud or hyperscaler.")
    instance: Text = Field(description="Instance type or product line.")
    gpus_per_instance: PositiveInt = Field(description="GPUs that come together; 1 when the source prices single GPUs.")
    term: PriceTerm = Field(description="on_demand, spot, reserved_1y, reserved_3y, capacity_block.")
    usd_per_gpu_hour: UsdPerGpuHour = Field(description="USD for one GPU for one hour.")
    region: str = Field("", description="Region the price is for; blank when the provider has one price.")
    confidence: Confidence = Field(description="How far the row can be trusted.")

    @property
    def offer(self) -> tuple[str, str, str, int, str, str]:
        """What is rented, whatever the day: rows of one offer follow each other in time."""
        return (self.provider, self.gpu_id, self.instance, self.gpus_per_instance, self.term, self.region)


class ServerPriceRow(SourcedRow):
    """The purchase price of one whole server or of one card, on one day."""

    FILE: ClassVar[str] = "server_prices.csv"
    KEY: ClassVar[str] = "server_id"
    REFERENCES: ClassVar[dict[str, str]] = {"gpu_id": "gpus.csv"}
    THING: ClassVar[tuple[str, ...]] = ("vendor", "name", "as_of")

    server_id: Slug = Field(description="Stable id of this dated price.")
    kind: Literal["server", "card"] = Field(description="A whole server, or a single card that needs one.")
    vendor: Text = Field(description="Who sells it.")
    name: Text = Field(description="Server as the source names it.")
    gpu_id: Slug = Field(description="GPU inside.")
    gpus_per_server: PositiveInt = Field(description="GPUs inside.")
    usd_per_server: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)] = Field(
        description="USD for the whole server or card, as the source states it."
    )
    max_kw: PositiveFloat | None = Field(None, description="Power of a busy server, kW; blank: not stated.")
    confidence: Confidence = Field(description="How far the row can be trusted.")
