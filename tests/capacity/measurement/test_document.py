"""The document of a measurement: what is written is read, what is not one is refused with every reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.measurement.document import (
    MAX_BYTES,
    MeasurementError,
    json_schema,
    measurement_json,
    read_measurement,
)
from planner.capacity.measurement.outcome import Outcome
from planner.capacity.measurement.run import run_of
from planner.domain.measurement import Measurement
from tests.capacity.measurement.ideal import answer, asked, ideal_run, measurement, rate_run, seen

GOOD = measurement([ideal_run(level, 4, repeat) for level in (1, 4, 16) for repeat in (1, 2)])
WORDS = st.text(max_size=30).filter(lambda text: all(ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000 for c in text))


def edited(**changes: Any) -> bytes:
    """The good document with some of its fields replaced."""
    return json.dumps(json.loads(measurement_json(GOOD)) | changes).encode()


def read_or_refused(data: bytes) -> Measurement | MeasurementError:
    try:
        return read_measurement(data, "m.json")
    except MeasurementError as error:
        return error


def problems(data: bytes) -> list[str]:
    with pytest.raises(MeasurementError) as caught:
        read_measurement(data, "m.json")
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def test_what_is_written_is_read() -> None:
    assert read_measurement(measurement_json(GOOD), "m.json") == GOOD


@given(
    st.lists(st.tuples(st.integers(1, 64), st.floats(0, 1e6)), max_size=5),
    WORDS,
    st.floats(1, 1e5) | st.none(),
    st.sampled_from(["probe", "watch", "vllm_bench", "guidellm", "llmperf", "aiperf"]),
)
@settings(max_examples=50)
def test_any_measurement_is_read_as_it_was_written(
    loads: list[tuple[int, float]], words: str, target: float | None, origin: str
) -> None:
    runs = [rate_run(load, rate, i + 1) for i, (load, rate) in enumerate(loads)]
    m = measurement(runs, stopped=words, origin=origin, target_ttft_p95_ms=target)
    data = measurement_json(m)
    assert read_measurement(data, "m.json") == m
    assert measurement_json(read_measurement(data, "m.json")) == data


def test_the_bytes_are_plain_lines_of_utf_8() -> None:
    data = measurement_json(GOOD)
    assert data == measurement_json(GOOD)
    assert data.startswith(b'{\n "schema_version": 1,\n "measurement_id": "3f2a000000000000",')
    assert data.endswith(b"}\n")


def test_a_summary_edited_by_hand_changes_nothing() -> None:
    lie = json.loads(measurement_json(GOOD))["summary"] | {"status": "ok", "reason": "Very fast.", "levels": []}
    assert read_measurement(edited(summary=lie, flags=[]), "m.json") == GOOD


def test_no_prompt_answer_or_key_has_a_place_in_it() -> None:
    for name in ("prompt", "prompts", "text", "generated_texts", "api_key", "url", "headers"):
        assert problems(edited(**{name: "secret"})) == [f"{name}: there is no field of this name. Remove it."]


def test_a_newer_form_is_refused_by_name() -> None:
    assert problems(edited(schema_version=2, sparkle=True)) == [
        "m.json: written by a newer program (form 2; this program reads form 1). Update this program."
    ]


def test_everything_wrong_is_told_at_once_with_its_place() -> None:
    runs = json.loads(measurement_json(GOOD))["runs"]
    runs[0]["duration_s"] = -1
    runs[3]["ttft_ms"]["p50"] = "fast"
    del runs[5]["sent"]
    found = problems(edited(runs=runs, measurement_id="no", started_at="2026-11-22T10:00:00"))
    assert [line.split(":")[0] for line in found] == [
        "measurement_id",
        "runs[0].duration_s",
        "runs[3].ttft_ms.p50",
        "runs[5].sent",
    ]
    assert found[1] == "runs[0].duration_s: -1 is not taken. Give a value that is greater than 0."
    assert "runs[5].sent: it is missing" in found[3]


def test_a_time_without_a_zone_is_refused() -> None:
    assert "needs a time in UTC" in problems(edited(started_at="2026-11-22T10:00:00"))[0]
    assert "is before started_at" in problems(edited(finished_at="2020-11-22T10:00:00Z"))[0]


def test_too_much_in_one_place_is_told_with_its_limit() -> None:
    runs = json.loads(measurement_json(GOOD))["runs"]
    assert problems(edited(runs=runs * 400)) == ["runs: it has more than 2,000 entries. Keep at most 2,000 of them."]
    declared = {"note": "n" * 201, "gpus": 0}
    assert problems(edited(declared=declared)) == [
        "declared.gpus: 0 is not taken. Give a value that is greater than or equal to 1.",
        "declared.note: it has more than 200 characters. Keep at most 200 of them.",
    ]


def test_many_problems_are_counted() -> None:
    found = problems(edited(runs=[{}] * 30))
    assert len(found) == 51
    assert found[-1].startswith("m.json: ")
    assert "more problems" in found[-1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"{", "not valid JSON at line 1, column 2"),
        (b"[1]", "does not hold named fields"),
        (b"{}", "it is no measurement"),
        (b'{"duration": 1, "completed": 2}', "its fields: completed, duration"),
        (b'{"a": 1, "a": 2}', "'a' is given twice"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number has too many digits"),
        (b'{"measurement_id": "\\ud800"}', "m.json: it is not valid JSON"),
        (b" " * (MAX_BYTES + 1), "too large (20,000,001 bytes"),
    ],
    ids=range(13),
)
def test_what_is_no_measurement_is_refused_with_the_reason(data: bytes, words: str) -> None:
    assert any(words in line for line in problems(data))


@pytest.mark.parametrize("value", [True, "3", 3.5, None, [], {}])
def test_a_count_is_a_whole_number_and_nothing_like_it(value: object) -> None:
    runs = json.loads(measurement_json(GOOD))["runs"]
    runs[0]["sent"] = value
    assert [line.split(":")[0] for line in problems(edited(runs=runs))] == ["runs[0].sent"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    assert all(problems(data))


@given(st.sampled_from(sorted(Measurement.model_fields)), JSON)
@settings(max_examples=150)
def test_any_field_of_any_value_is_read_or_refused_in_words(field: str, value: object) -> None:
    found = read_or_refused(edited(**{field: value}))
    if isinstance(found, Measurement):
        assert read_measurement(measurement_json(found), "m.json") == found
    else:
        assert all(problem.field and problem.message and problem.remedy for problem in found.problems)


def test_the_most_that_a_measurement_holds_is_within_the_limit() -> None:
    failed = [Outcome(0, 1, error="timeout", detail="d" * 200)]
    full = run_of(asked(16), seen([*[answer(0, 0.1, 1, reasoning=True) for _ in range(120)], *failed * 3]))
    assert len(measurement_json(measurement([full] * 2000))) < MAX_BYTES


def test_the_schema_names_every_field() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == set(Measurement.model_fields)
    assert "Run" in schema["$defs"]
    assert schema["additionalProperties"] is False
