from __future__ import annotations

import json
from typing import Any

import pytest

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import ErrorKind
from planner.domain.probe_task import ProbeTask
from planner.probe.manner import CHAT, COMPLETIONS, HIGHEST_IDS, Manner, first_manner, milder, too_long


def task(**fields: Any) -> ProbeTask:
    return ProbeTask.model_validate({"input_tokens": 100, "output_tokens": 10} | fields)


def refusal(detail: str, kind: ErrorKind = "bad_request") -> Outcome:
    return Outcome(0.0, 0.1, error=kind, detail=f"HTTP 400: {detail}")


def settled(refuses: list[str], asked: ProbeTask | None = None) -> Manner:
    """The manner after these refusals, each said of the manner before it."""
    manner = first_manner(asked, "")
    for words in refuses:
        step = milder(manner, refusal(words, "not_found" if "not found" in words else "bad_request"), asked)
        assert step is not None
        manner = step.manner
    return manner


def test_a_request_asks_for_full_length_and_for_its_usage() -> None:
    body = json.loads(Manner(highest_id=4000).body("m", [5, 6], 64))
    assert body == {
        "model": "m",
        "prompt": [5, 6],
        "max_tokens": 64,
        "stream": True,
        "temperature": 0.0,
        "ignore_eos": True,
        "min_tokens": 64,
        "stream_options": {"include_usage": True},
    }


def test_what_was_left_out_is_not_sent() -> None:
    plain = Manner(CHAT, "chat", usage_in_stream=False, ignore_eos=False, temperature=None)
    assert json.loads(plain.body("m", "a b", 64)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "a b"}],
        "max_tokens": 64,
        "stream": True,
    }
    assert "stream_options" not in json.loads(Manner().body("m", "a", 1, stream=False))


def test_a_hosted_chat_model_is_asked_in_its_own_way_in_the_end() -> None:
    manner = settled(
        [
            "This is a chat model: not found in completions",
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "Unknown parameter: 'ignore_eos'.",
            "Unsupported value: 'temperature' does not support 0.0 with this model.",
        ]
    )
    assert manner == Manner(CHAT, "chat", ignore_eos=False, temperature=None, length_field="max_completion_tokens")


def test_a_small_vocabulary_lowers_the_ids_until_they_fit() -> None:
    seen = [settled(["Token id 29999 is out of vocabulary"] * n).highest_id for n in range(len(HIGHEST_IDS))]
    assert seen == list(HIGHEST_IDS)


def test_a_refusal_that_names_nothing_leaves_out_one_thing_after_the_other_and_then_goes_to_chat() -> None:
    manner, changed = first_manner(None, ""), []
    while (step := milder(manner, refusal("no"), None)) is not None:
        old, new = manner._asdict(), step.manner._asdict()
        changed.append([name for name in old if old[name] != new[name]])
        manner = step.manner
    assert changed == [["prompts"], ["ignore_eos"], ["usage_in_stream"], ["temperature"], ["path", "prompts"]]


@pytest.mark.parametrize("kind", ["unauthorised", "rate_limited", "overloaded", "timeout", "unreachable", "tls"])
def test_asking_otherwise_does_not_help_against_other_failures(kind: ErrorKind) -> None:
    assert milder(Manner(), refusal("no", kind), None) is None


def test_what_the_task_fixes_stays() -> None:
    assert first_manner(task(endpoint="chat"), "vllm").path == CHAT
    assert first_manner(task(prompts="text"), "vllm").prompts == "text"
    assert first_manner(task(ignore_eos=False, temperature=None), "").ignore_eos is False
    ids_only = task(endpoint="completions", prompts="token_ids")
    manner = first_manner(ids_only, "")
    while (step := milder(manner, refusal("no"), ids_only)) is not None:
        manner = step.manner
        assert (manner.path, manner.prompts) == (COMPLETIONS, "token_ids")


@pytest.mark.parametrize("engine", ["ollama", "tgi"])
def test_engines_that_take_text_alone_are_given_text(engine: str) -> None:
    assert first_manner(None, engine).prompts == "text"


def test_a_prompt_that_is_too_long_is_not_mistaken_for_a_wrong_field() -> None:
    assert too_long(refusal("This model's maximum context length is 1024 tokens."))
    assert not too_long(refusal("Unknown parameter: 'ignore_eos'."))
