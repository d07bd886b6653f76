"""What a reader knows of a deployment and its fitted constants hang on: engine generation, chip class, model family."""

from __future__ import annotations

import datetime as dt
import re

from planner.catalog.rows import GpuRow, ModelRow
from planner.domain.serving import EngineName

GENERATIONS = ("trtllm-0", "trtllm-1", "vllm-v0", "vllm-v1", "sglang", "llama.cpp")
"""TensorRT engines before TensorRT-LLM 1.0 and its PyTorch backend since; vLLM before 0.8 and since."""
CHIPS = ("ampere", "ada", "hopper", "blackwell", "blackwell-workstation", "cdna3", "apple")
ASSUMED_CHIP = "apple"
"""It has no measured rows: its constants are assumed."""
CHIP_WORDS = {
    "ampere": "Ampere",
    "ada": "Ada",
    "hopper": "Hopper",
    "blackwell": "Blackwell",
    "blackwell-workstation": "Blackwell workstation",
    "cdna3": "CDNA3 (MI300 class)",
    "apple": "Apple",
}
"""A chip class as people write it."""
FAMILIES = ("llama-2", "llama-3", "mistral", "mixtral", "qwen", "qwen-moe", "gpt-oss", "glm", "deepseek", "minimax", "")
"""Families with measured rows; empty for any other, which takes no effect of a family."""
_V1_MINOR = 8
_V1_DAY, _TRT1_DAY = dt.date(2025, 3, 1), dt.date(2025, 6, 1)
_VLLM = re.compile(r"^(?:vllm\s*)?v?0\.(\d+)", re.IGNORECASE)
_CHIP_OF = {
    "Turing": "ampere",
    "Ampere": "ampere",
    "Ada": "ada",
    "Hopper": "hopper",
    "Blackwell": "blackwell",
    "Blackwell Ultra": "blackwell",
    "CDNA3": "cdna3",
    "CDNA4": "cdna3",
    "Apple silicon": "apple",
}
_WORKSTATION_CAPABILITY = "12."
_STARTS = ("llama-2", "llama-3", "mistral", "mixtral", "gpt-oss", "glm", "deepseek", "minimax")


def generation(engine: EngineName, version: str, as_of: dt.date | None) -> int:
    """Place in GENERATIONS: by the version stated, else by the day of the software, else the current one."""
    if engine == "trtllm":
        old = version.startswith(("0.", "TensorRT")) or (as_of is not None and as_of < _TRT1_DAY)
        return GENERATIONS.index("trtllm-0" if old else "trtllm-1")
    if engine == "vllm":
        stated = _VLLM.match(version.strip())
        old = int(stated[1]) < _V1_MINOR if stated else as_of is not None and as_of < _V1_DAY
        return GENERATIONS.index("vllm-v0" if old else "vllm-v1")
    return GENERATIONS.index(engine)


def chip(gpu: GpuRow) -> int:
    """Place in CHIPS of the measured chip class nearest to this GPU; Apple has its own, assumed one."""
    if gpu.architecture.startswith("Blackwell") and gpu.compute_capability.startswith(_WORKSTATION_CAPABILITY):
        return CHIPS.index("blackwell-workstation")
    return CHIPS.index(_CHIP_OF.get(gpu.architecture, "ampere"))


def family(model: ModelRow) -> int:
    """Place in FAMILIES."""
    name = model.model_id
    if name.startswith("qwen"):
        return FAMILIES.index("qwen-moe" if model.experts else "qwen")
    return FAMILIES.index(next((start for start in _STARTS if name.startswith(start)), ""))


def compressed_cache(model: ModelRow) -> bool:
    """Whether the KV cache is kept compressed, the same for all heads (multi-head latent attention)."""
    return "MLA" in model.attention


def has_block_scales(model: ModelRow, format_id: str) -> bool:
    """Whether FP8 weights of this model come in blocks of 128 x 128, as publishers of FP8 checkpoints ship them."""
    published = model.native_format.startswith("fp8") or model.model_id.startswith(("qwen3", "glm"))
    return format_id == "fp8-block" or (format_id == "fp8" and published)


def fast_links(gpu: GpuRow) -> bool:
    """Whether all GPUs of a node talk over NVLink or Infinity Fabric, not over PCIe or a bridge for two."""
    linked = "NVLink" in gpu.interconnect or "Infinity" in gpu.interconnect
    return linked and not gpu.form_factor.startswith("PCIe")
