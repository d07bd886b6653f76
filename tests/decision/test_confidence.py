"""What the confidence of an answer says of throughputs that nobody measured."""

from __future__ import annotations

from typing import Any

import pytest

from planner.domain.options import HybridOption, RentedOption
from planner.domain.scenario import Scenario
from tests.builders import answer, changed, rented, requests, scenario, token_price, typed_api, workload

SURE: dict[str, Any] = {"model_id": "llama-3.3-70b", "format_id": "fp8", "gpu_id": "h100-sxm", "gpus_per_replica": 4}
"""Dense, with requests in flight, on vLLM and Hopper: the best measured kind."""
UNSURE: dict[str, Any] = {"model_id": "gpt-oss-120b", "format_id": "mxfp4", "gpu_id": "mi300x"}
"""MI300X: a tenth of the unseen rows was off by more than 60 %."""
OWN = "Own GPU"


def own(case: dict[str, Any], **more: Any) -> RentedOption:
    return rented("4", **({"throughput": None, "throughput_source": "modelled", "label": OWN} | case | more))


def question(*options: Any, per_day: float = 86_400) -> Scenario:
    return scenario(*options, work=workload(requests(per_day, 1000, 200)))


def told(asked: Scenario) -> tuple[str, str]:
    verdict = answer(asked).verdict
    return verdict.confidence, " ".join(verdict.confidence_reasons)


@pytest.mark.parametrize("case", [SURE, UNSURE])
def test_a_modelled_throughput_is_a_doubt_whichever_side_wins(case: dict[str, Any]) -> None:
    for api in (typed_api(token_price("0.001", "0.001")), typed_api(token_price("500", "500"))):
        level, why = told(question(own(case), api))
        assert level != "high"
        assert "Throughput is modelled" in why
        assert OWN in why


def test_a_typed_throughput_is_no_modelled_one() -> None:
    _, why = told(question(rented("4"), typed_api(token_price("500", "500"))))
    assert "modelled" not in why


def test_a_published_throughput_keeps_its_rules() -> None:
    case = {"model_id": "gpt-oss-120b", "format_id": "mxfp4", "gpu_id": "h200"}
    _, why = told(question(own(case, throughput_source="published"), typed_api(token_price("500", "500"))))
    assert "Throughput is modelled" not in why


def test_a_recommendation_that_rests_on_a_model_of_low_confidence_is_itself_of_low_confidence() -> None:
    dear, cheap = typed_api(token_price("500", "500")), typed_api(token_price("0.001", "0.001"))
    assert told(question(own(SURE), dear))[0] == "medium"
    level, why = told(question(own(UNSURE), dear))
    assert level == "low"
    assert "with low confidence, for a case unlike the measured ones: Own GPU." in why
    assert told(question(own(UNSURE), cheap))[0] == "medium"


def test_a_hybrid_rests_on_the_fleet_inside_it() -> None:
    api = typed_api(token_price("500", "500"))
    both = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    asked = changed(question(own(UNSURE), api), options=(own(UNSURE), api, both))
    result = answer(asked)
    assert result.verdict.recommended_id in ("own", "both")
    assert result.verdict.confidence == "low"
