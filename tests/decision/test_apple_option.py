"""An option on Apple chips: modelled on llama.cpp with low confidence, refused on any other engine with the way out."""

from __future__ import annotations

from typing import Any

import pytest

from planner.decision.resolve import resolve
from planner.domain.facts import BlockedFacts, RentedFacts
from planner.domain.scenario import Scenario
from tests.builders import ON, catalog, rented, scenario

MAC = {"model_id": "llama-3.1-8b", "format_id": "gguf-q4-k-m", "gpu_id": "apple-m4-max", "gpus_per_replica": 1}


def asked(**more: Any) -> Scenario:
    return scenario(rented("1", **(MAC | {"throughput": None} | more)))


def test_llama_cpp_on_a_mac_is_modelled_with_low_confidence() -> None:
    (facts,) = resolve(asked(serving={"engine": "llama.cpp"}), catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    assert any("Apple silicon GPUs: assumed constants" in warning for warning in facts.warnings)


@pytest.mark.parametrize(
    ("more", "message", "remedy"),
    [
        ({}, "vLLM has no kernels for Apple M4 Max", "Use llama.cpp."),
        ({"format_id": "fp8"}, "vLLM has no kernels for Apple M4 Max", "Use llama.cpp with a GGUF format."),
        (
            {"serving": {"engine": "llama.cpp"}, "gpus_per_replica": 2},
            "no link fast enough to serve one replica together",
            "Use one chip per replica",
        ),
    ],
)
def test_what_cannot_be_served_on_a_mac_is_blocked_with_the_way_out(
    more: dict[str, Any], message: str, remedy: str
) -> None:
    (facts,) = resolve(asked(**more), catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    (reason,) = [r for r in facts.reasons if r.code == "THROUGHPUT_UNKNOWN"]
    assert message in reason.message
    assert reason.remedy.startswith(remedy)
    assert reason.field.endswith(".serving.engine")
