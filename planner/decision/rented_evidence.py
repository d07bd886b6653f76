"""Every figure behind a rented option as evidence: price, measurement and how it was adapted, model and GPU."""

from __future__ import annotations

from planner.capacity import published
from planner.catalog.history import row_id
from planner.catalog.rows import ContractedPriceRow, DefaultRow, FormatRow, GpuPriceRow, GpuRow, ModelRow
from planner.domain.evidence import Evidence, Provenance
from planner.domain.options import OwnedOption, ProvisionedOption, SelfHosted, SpotTerms, WorkstationOption
from planner.units import MIB_PER_GIB

GPU_HOUR = "USD per GPU-hour"
KIB = 1024
BILLION = 1e9


CatalogRow = GpuPriceRow | ModelRow | GpuRow | DefaultRow


def _of_row(label: str, value: str, unit: str, row: CatalogRow, note: str = "") -> Evidence:
    """A figure of a curated row, with the row's source; `note` goes before the row's own."""
    return Evidence(
        label=label,
        value=value,
        unit=unit,
        origin=row.origin,
        source=row.source,
        source_url=row.source_url,
        as_of=row.as_of,
        confidence=row.confidence,
        note="; ".join(filter(None, (note, row.note))),
        row=row_id(row),
    )


def price_evidence(row: GpuPriceRow, replaces: GpuPriceRow | None = None) -> Evidence:
    """A list price of the catalog; `replaces`: the row that the scenario names, when another is in force."""
    note = replaces and f"price of {replaces.as_of}, {replaces.usd_per_gpu_hour:g}, replaced by the one of {row.as_of}"
    return _of_row(_offer_label(row), f"{row.usd_per_gpu_hour:g}", GPU_HOUR, row, note or "")


def contract_evidence(contract: ContractedPriceRow, row: GpuPriceRow) -> Evidence:
    """A contracted unit price, with the list unit price that it replaces, who answers for it and why."""
    return Evidence(
        label=f"{_offer_label(row)}, contracted unit price",
        value=f"{contract.usd_per_gpu_hour:g}",
        unit=GPU_HOUR,
        origin="published",
        source=f"contract, entered by {contract.owner}: {contract.reason}",
        as_of=contract.as_of,
        confidence="high",
        note=f"list unit price {row.usd_per_gpu_hour:g}, of {row.as_of}; in force from {contract.effective_from}"
        + (f" to {contract.effective_to}" if contract.effective_to else ""),
        row=row_id(contract),
    )


def _offer_label(row: GpuPriceRow) -> str:
    return f"{row.gpu_id} at {row.provider}, {row.instance}, {row.term.replace('_', ' ')}"


def throughput_evidence(
    label: str, chosen: published.Choice, shape: tuple[float, float], derating: DefaultRow
) -> tuple[Evidence, ...]:
    """The measured row, the share of it that holds the target when that is not all, and the constant that adapts it."""
    found = [_row_evidence(label, chosen, shape), _mfu_evidence()]
    if chosen.derating != 1:
        found.append(
            _of_row("Share of offline throughput at the target", f"{derating.value:g}", derating.unit, derating)
        )
    return tuple(found)


def _row_evidence(label: str, chosen: published.Choice, shape: tuple[float, float]) -> Evidence:
    row = chosen.row
    return Evidence(
        label=f"{label}, throughput of one replica",
        value=f"{row.output_tokens_per_s:,.6g}",
        unit=f"output tokens/s at {row.input_tokens:,.0f} in / {row.output_tokens:,.0f} out",
        origin="modelled" if row.derived else "published",
        source=f"{row.source_id} row {row.row_id}: {row.model_name} on {row.n_gpu} x {row.gpu_name}, "
        + f"{row.engine} {row.engine_version}".strip(),
        source_url=row.source_url,
        as_of=row.as_of or "",
        confidence="medium",
        note="; ".join(_notes(chosen, shape)),
        row=row_id(row),
    )


def _notes(chosen: published.Choice, shape: tuple[float, float]) -> list[str]:
    """How the row was run and what was done with it."""
    row = chosen.row
    notes = [f"carried over to {shape[0]:,.0f} in / {shape[1]:,.0f} out ({chosen.shape_factor:.1f} times off) by CAP-1"]
    if row.derived:
        notes.append("output tokens/s computed from its published latencies")
    if row.concurrency:
        notes.append(f"{row.concurrency:,.0f} requests in flight")
    if row.ttft_ms and row.tpot_ms:
        notes.append(f"mean TTFT {row.ttft_ms:,.0f} ms, mean TPOT {row.tpot_ms:,.1f} ms")
    return notes


def _mfu_evidence() -> Evidence:
    return Evidence(
        label="Share of the dense rate that prompts reach (PREFILL_MFU)",
        value=f"{published.PREFILL_MFU:g}",
        unit="fraction",
        origin="modelled",
        source="lowest median error over pairs of published rows, this project's bench/RESULTS.md",
        note="splits a measured rate into prompt and output work",
    )


def specification_evidence(
    model: ModelRow, number_format: FormatRow, gpu: GpuRow, weight_gib: float
) -> tuple[Evidence, ...]:
    """What of the model and of the GPU the memory fit and the ceilings used."""
    kv_kib = model.kv_bytes_per_token_16bit / KIB
    tflops = published.dense_tflops(gpu, number_format.compute_rate) or 0.0
    of_model = f"{weight_gib:.1f} / {model.active_params / BILLION:.4g} / {kv_kib:.4g}"
    of_gpu = f"{gpu.memory_mib_reported / MIB_PER_GIB:.1f} / {tflops:,.6g} / {gpu.memory_bandwidth_gb_per_s:,.6g}"
    model_units = "GiB of weights / billion active parameters / KiB of 16-bit KV cache per token"
    return (
        _of_row(f"{model.name} in {number_format.name}", of_model, model_units, model),
        _of_row(
            gpu.name,
            of_gpu,
            "GiB / dense TFLOPS at this format / GB/s, per GPU",
            gpu,
            f"it lacks: {gpu.cannot}" if gpu.cannot else "",
        ),
    )


def server_evidence(option: OwnedOption) -> tuple[Evidence, ...]:
    """The figures of an owned server, as typed."""
    server = option.server
    value = f"{server.usd_per_server.normalize():f} / {server.life_months} / {server.residual_fraction:g}"
    power = f"{server.idle_kw:g} / {server.max_kw:g} / {server.pue_ratio:g} / {server.electricity_usd_per_kwh:g}"
    of = server.provenance.evidence
    return (
        of(f"{option.label}, server", value, f"USD per {server.gpus_per_server}-GPU server / months / residual share"),
        of(f"{option.label}, power", power, "kW idle / kW busy / PUE / USD per kWh"),
    )


def spot_evidence(label: str, terms: SpotTerms) -> tuple[Evidence, ...]:
    """What interruptions cost, as typed."""
    value = (
        f"{terms.monthly_interruption_fraction:g} / {terms.outage_hours:g} / {terms.paid_hours:g} / "
        f"{terms.fallback_usd_per_gpu_hour.normalize():f}"
    )
    unit = "share a month / hours out / hours paid and lost / USD per fallback GPU-hour"
    return (Provenance().evidence(f"{label}, interruptions", value, unit),)


def tuning_evidence(option: SelfHosted) -> tuple[Evidence, ...]:
    """The figures of its training runs, as typed."""
    tuning = option.tuning
    if tuning is None:
        return ()
    value = f"{tuning.method} / {tuning.training_tokens:g} / {tuning.epochs:g} / {tuning.runs_per_year:g}"
    unit = "method / training tokens / epochs / runs a year"
    return (tuning.provenance.evidence(f"{option.label}, fine-tuning", value, unit),)


def typed_evidence(option: ProvisionedOption | WorkstationOption) -> tuple[Evidence, ...]:
    """The figures of an option that the catalog has no table for, as typed."""
    of = option.provenance.evidence
    if isinstance(option, ProvisionedOption):
        return (
            of(f"{option.label}, price", f"{option.usd_per_unit_month.normalize():f}", "USD per unit and month"),
            of(
                f"{option.label}, capacity",
                f"{option.tokens_per_minute_per_unit:,.6g} / {option.output_weight:g} / {option.cached_weight:g}",
                "input-equivalent tokens a minute per unit / weight of an output / of a cached token",
            ),
        )
    speed = f"{option.prompt_tokens_per_s:,.6g} / {option.output_tokens_per_s:,.6g} / {option.parallel_slots}"
    return (
        of(f"{option.label}, machine", f"{option.usd_per_machine.normalize():f}", "USD per machine"),
        of(f"{option.label}, speed", speed, "prompt tokens/s / output tokens/s / requests side by side"),
    )
