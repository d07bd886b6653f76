"""DEC-1: hard constraints of priced options: every failing code, in one order, and what they do to the answer."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from planner.decision.constraints import failed_constraints
from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.facts import CONSTRAINTS, Facts, RentedFacts
from planner.domain.options import HybridOption, Option
from planner.domain.organisation import Organisation
from planner.domain.result import OptionResult
from planner.domain.scenario import Scenario
from planner.domain.typed import TypedModel
from tests.builders import ON, answer, catalog, changed, rented, requests, scenario, tables, typed_api, workload


def facts_of(question: Scenario) -> Facts:
    return resolve(question, catalog(), ON)


def codes(option: Option, **task: Any) -> list[str]:
    question = scenario(option, work=workload(requests(**task), peak_to_mean=2))
    return [reason.code for reason in failed_constraints(option, question, facts_of(question).options)]


@pytest.mark.parametrize(
    ("option", "task", "expected"),
    [
        (typed_api(), {}, []),
        (typed_api(), {"private": True}, ["PRIVACY"]),
        (typed_api(private_allowed=True), {"private": True}, []),
        (rented(), {"private": True}, []),
        (rented(private_allowed=False), {"private": True}, ["PRIVACY"]),
        (rented(licence_allows=False), {}, ["LICENCE"]),
        (typed_api(), {"modality": "image"}, ["MODALITY"]),
        (typed_api(modalities=("text", "image")), {"modality": "image"}, []),
        (typed_api(), {"quality_floor": 80}, ["QUALITY"]),  # an unknown score does not pass
        (typed_api(quality_score=79.9), {"quality_floor": 80}, ["QUALITY"]),
        (typed_api(quality_score=80), {"quality_floor": 80}, []),
        # 1,440 requests a day are one a minute, two at the peak; 2,000 tokens each
        (typed_api(limit_requests_per_min=2), {"per_day": 1440}, []),
        (typed_api(limit_requests_per_min=1.9), {"per_day": 1440}, ["RATE"]),
        (typed_api(limit_tokens_per_min=3_999), {"per_day": 1440}, ["RATE"]),
        (
            typed_api(licence_allows=False, limit_requests_per_min=1),
            {"per_day": 14400, "private": True, "modality": "audio", "quality_floor": 1},
            ["PRIVACY", "LICENCE", "MODALITY", "RATE", "QUALITY"],
        ),
    ],
)
def test_every_failing_code(option: Option, task: dict[str, Any], expected: list[str]) -> None:
    assert codes(option, **task) == expected
    assert expected == sorted(expected, key=CONSTRAINTS.index)


def ask(option: Option, task: dict[str, Any] | None = None, **who: Any) -> Scenario:
    work = workload(requests(**(task or {})), peak_to_mean=1)
    return scenario(option, work=work, organisation=Organisation.model_validate(who))


@pytest.mark.parametrize(
    ("option", "who", "expected"),
    [
        (rented(), {"monthly_active_users_at_release": 7e8}, []),
        (rented(), {"monthly_active_users_at_release": 7e8 + 1}, ["LICENCE"]),
        (rented(licence_allows=True), {"monthly_active_users_at_release": 9e8}, []),  # holds one from Meta
        (rented(model_id="qwen2.5-3b"), {}, ["LICENCE"]),
        (rented(model_id="qwen2.5-3b"), {"commercial_use": False}, []),
        (rented(model_id="qwen2.5-3b", licence_allows=True), {}, []),
        (rented(model_id="qwen3-vl-8b"), {"eu_domiciled": True}, []),
        (rented(model_id="llama-3.2-11b-vision"), {"eu_domiciled": True}, ["LICENCE"]),
        (rented(model_id="llama-3.2-3b"), {"eu_domiciled": True}, []),
    ],
)
def test_the_licence_of_the_model_decides(option: Option, who: dict[str, Any], expected: list[str]) -> None:
    question = ask(option, **who)
    assert [reason.code for reason in failed_constraints(option, question, facts_of(question).options)] == expected


def test_a_licence_reason_has_the_clause_its_source_and_two_ways_out() -> None:
    (reason,) = answer(ask(rented(), monthly_active_users_at_release=9e8)).option("own").reasons
    assert reason.message.startswith("Llama 3.1 Community License has to be asked for above 700,000,000 monthly active")
    assert "in June 2024, the month before the release, affiliates included; you have 900,000,000. " in reason.message
    assert "Section 2, additional commercial terms: " in reason.message
    assert "models/llama3_1/LICENSE, read 2026-11-20." in reason.message
    assert reason.field == "organisation.monthly_active_users_at_release"
    assert "options[own].licence_allows" in reason.remedy


def test_a_fact_that_is_not_known_warns_and_does_not_exclude() -> None:
    own = answer(ask(rented())).option("own")
    assert own.status == "ok"
    (warning,) = [w for w in own.warnings if "Community License" in w]
    assert "above 700,000,000 monthly active users in June 2024" in warning
    assert "type in organisation.monthly_active_users_at_release to have it checked" in warning
    assert [w for w in answer(ask(rented(licence_allows=True))).option("own").warnings if "License" in w] == []


def test_a_hybrid_fails_and_warns_with_the_licence_of_its_fleet() -> None:
    hybrid = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    own = rented(model_id="qwen2.5-3b")
    assert [r.code for r in answer(scenario(own, typed_api(), hybrid)).option("both").reasons] == ["LICENCE"]
    told = answer(scenario(rented(), typed_api(), hybrid)).option("both").warnings
    assert any("Llama 3.1 Community License" in warning for warning in told)


def test_an_option_that_cannot_be_priced_shows_its_licence_too() -> None:
    silent = rented(model_id="mistral-large-2", gpus_per_replica=8, throughput=None, format_id="nvfp4")
    silent = changed(silent, throughput_source="published")
    found = answer(scenario(silent)).option("own")
    assert found.status == "blocked"
    assert [reason.code for reason in found.reasons] == ["LICENCE", "THROUGHPUT_UNKNOWN"]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (rented(), ["MODALITY"]),
        (rented(model_id="qwen3-vl-8b"), []),
        (rented(model_id="qwen3-vl-8b", modalities=("text",)), ["MODALITY"]),
        (rented(modalities=("text", "image")), []),  # your own word goes before the row
    ],
)
def test_what_a_model_reads_comes_from_its_row(option: Option, expected: list[str]) -> None:
    question = ask(option, {"modality": "image"})
    assert [reason.code for reason in failed_constraints(option, question, facts_of(question).options)] == expected


def test_facts_saved_before_licences_were_checked_keep_their_answer() -> None:
    question = ask(rented(model_id="qwen2.5-3b"), {"modality": "text"})
    facts = facts_of(question)
    old = facts.model_copy(
        update={"options": tuple(f.model_copy(update={"licence": None, "modalities": None}) for f in facts.options)}
    )
    assert decide(question, facts).option("own").status == "excluded"
    assert decide(question, old).option("own").status == "ok"


def test_a_changed_licence_leaves_a_saved_answer_as_it_was() -> None:
    question = ask(rented(), monthly_active_users_at_release=5e8)
    facts = facts_of(question)
    stricter = tables().licence_by_id["llama-3.1"].model_copy(update={"mau_limit": 100_000_000})
    changed_tables = dataclasses.replace(
        tables(), licences=tuple(stricter if r.licence_id == "llama-3.1" else r for r in tables().licences)
    )
    now = resolve(question, dataclasses.replace(catalog(), tables=changed_tables), ON)
    assert decide(question, facts).option("own").status == "ok"
    assert decide(question, now).option("own").status == "excluded"


def test_a_scenario_from_before_licences_were_checked_keeps_its_answer() -> None:
    document = ask(rented(model_id="qwen2.5-3b")).model_dump(mode="json")
    del document["organisation"]
    document["options"][0] |= {"licence_allows": True, "modalities": ["text"]}  # as every older program wrote them
    del document["options"][0]["model"]
    old = Scenario.model_validate(document)
    assert answer(old).option("own").status == "ok"
    seeing = requests(modality="image")
    asked = changed(old, workload=changed(old.workload, classes=(seeing,)))
    assert [reason.code for reason in answer(asked).option("own").reasons] == ["MODALITY"]


# --- models that are not in the catalog


def imported(**more: Any) -> TypedModel:
    row = tables().model_by_id["llama-3.1-8b"]
    fields = {name: getattr(row, name) for name in TypedModel.model_fields if name in type(row).model_fields}
    return TypedModel.model_validate(fields | {"name": "Ours", "licence_id": None, "modalities": ("text",)} | more)


def test_an_imported_model_is_costed_like_a_row_of_the_same_shape() -> None:
    listed = answer(scenario(rented())).option("own")
    ours = answer(scenario(rented(model_id="ours", model=imported()))).option("own")
    assert ours.status == "ok"
    assert ours.npv_usd == listed.npv_usd
    assert ours.fleet == listed.fleet


def test_an_imported_model_has_no_published_run_and_a_modelled_throughput() -> None:
    ours = rented(model_id="ours", model=imported(), throughput=None)
    (reason,) = answer(scenario(changed(ours, throughput_source="published"))).option("own").reasons
    assert (reason.code, reason.field) == ("THROUGHPUT_UNKNOWN", "options[own].throughput")
    assert reason.remedy.startswith("There are none for this model: type in what you measured.")
    found = answer(scenario(ours)).option("own")
    assert found.status == "ok"
    assert found.fleet is not None
    assert found.fleet.throughput_source == "modelled"


def test_the_licence_of_an_imported_model_is_checked_warned_of_or_unknown() -> None:
    def own(**model: Any) -> OptionResult:
        return answer(scenario(rented(model_id="ours", model=imported(**model)))).option("own")

    assert [r.code for r in own(licence_id="qwen-research").reasons] == ["LICENCE"]
    assert any("No licence is known for its model" in warning for warning in own().warnings)
    (reason,) = own(licence_id="llama-31").reasons
    assert (reason.code, reason.field) == ("LICENCE", "options[own].model.licence_id")
    assert "llama-3.1" in reason.remedy


@pytest.mark.parametrize("name", ["llama-4-8b", "llama4-8b", "llama-4-70b"])
def test_a_model_that_does_not_exist_says_what_exists(name: str) -> None:
    (reason,) = answer(scenario(rented(model_id=name))).option("own").reasons
    assert reason.code == "MODEL_UNKNOWN"
    assert reason.message.startswith("There is no model Llama 4 ")
    assert "Llama 4 Scout (109B, 17B active) and Llama 4 Maverick (400B, 17B active)" in reason.message
    assert "https://github.com/meta-llama/llama-models" in reason.remedy


def test_any_other_unknown_model_names_the_nearest_and_the_import() -> None:
    (reason,) = answer(scenario(rented(model_id="llama-3.1-80b"))).option("own").reasons
    assert (reason.code, reason.message) == ("MODEL_UNKNOWN", "The catalog has no model 'llama-3.1-80b'.")
    assert "llama-3.1-8" in reason.remedy
    assert "import its config.json" in reason.remedy


def test_windows_and_states_leave_less_room_for_short_requests() -> None:
    def cache_tokens(model_id: str, length: float) -> int:
        option = rented(model_id=model_id, gpus_per_replica=2)
        question = scenario(option, work=workload(requests(fresh=length / 2, output=length / 2)))
        (facts,) = facts_of(question).options
        assert isinstance(facts, RentedFacts)
        return facts.replica.kv_cache_tokens

    assert cache_tokens("qwen2.5-32b", 200) == cache_tokens("qwen2.5-32b", 20_000)  # every layer keeps every token
    short, long = cache_tokens("gemma-4-31b", 200), cache_tokens("gemma-4-31b", 20_000)
    per_token_short, per_token_long = 81_920 + 819_200, 81_920 + 819_200 * 1024 / 20_000
    assert short / long == pytest.approx(per_token_long / per_token_short, rel=0.01)
    assert cache_tokens("qwen3.5-27b", 200) < cache_tokens("qwen3.5-27b", 20_000)


def private(question: Scenario) -> Scenario:
    classes = tuple(changed(task, private=True) for task in question.workload.classes)
    return changed(question, workload=changed(question.workload, classes=classes))


def test_an_excluded_option_is_priced_but_not_recommended() -> None:
    cheap_api = scenario(typed_api(), rented())
    assert answer(cheap_api).verdict.recommended_id == "api"
    result = answer(private(cheap_api))
    assert result.verdict.recommended_id == "own"
    api = result.option("api")
    assert (api.status, [r.code for r in api.reasons]) == ("excluded", ["PRIVACY"])
    assert api.npv_usd == answer(cheap_api).option("api").npv_usd


def test_when_nothing_is_feasible_the_fewest_failures_are_named() -> None:
    question = private(scenario(typed_api(), typed_api(option_id="two", label="Two", licence_allows=False)))
    result = answer(question)
    assert (result.verdict.status, result.verdict.recommended_id) == ("blocked", None)
    assert result.verdict.fewest_codes_ids == ("api",)


def test_a_hybrid_keeps_private_classes_at_home_and_a_cascade_does_not() -> None:
    hybrid = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    question = private(scenario(rented(), typed_api(), hybrid))
    assert answer(question).option("both").status == "ok"
    cascade = changed(hybrid, mode="cascade")
    assert answer(private(scenario(rented(), typed_api(), cascade))).option("both").status == "excluded"
