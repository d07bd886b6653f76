from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.domain.document import DocumentError, Problem, dump_json, dump_yaml, parse_scenario, problems_of
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from tests.samples import sample_scenario, scenarios


def document(**fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(dump_json(sample_scenario()))
    return plain | fields


def problems(data: bytes | str | dict[str, Any]) -> tuple[Problem, ...]:
    text = json.dumps(data) if isinstance(data, dict) else data
    with pytest.raises(DocumentError) as caught:
        parse_scenario(text, name="plan.yaml")
    for problem in caught.value.problems:
        assert str(problem) in str(caught.value).split("\n")
        assert problem.remedy.endswith((".", "?"))
        assert not problem.message.endswith(".")
    return caught.value.problems


def problem(data: bytes | str | dict[str, Any]) -> str:
    (only,) = problems(data)
    return str(only)


def with_option(index: int, **fields: Any) -> dict[str, Any]:
    plain = document()
    plain["options"][index] |= fields
    return plain


def with_class(**fields: Any) -> dict[str, Any]:
    plain = document()
    plain["workload"]["classes"][0] |= fields
    return plain


# Round trips


@given(scenarios())
@settings(max_examples=150, deadline=None)
def test_yaml_reads_back_to_the_same_scenario(scenario: Scenario) -> None:
    text = dump_yaml(scenario)
    assert parse_scenario(text, name="x") == scenario
    assert dump_yaml(parse_scenario(text.encode(), name="x")) == text


@given(scenarios())
@settings(max_examples=150, deadline=None)
def test_json_reads_back_to_the_same_scenario(scenario: Scenario) -> None:
    assert parse_scenario(dump_json(scenario), name="x") == scenario


@given(scenarios())
@settings(max_examples=40, deadline=None)
def test_other_yaml_readers_see_the_same_texts(scenario: Scenario) -> None:
    read = yaml.safe_load(dump_yaml(scenario))
    assert (read["name"], read["notes"]) == (scenario.name, scenario.notes)
    assert [o["label"] for o in read["options"]] == [o.label for o in scenario.options]


def test_yaml_is_readable_and_complete() -> None:
    text = dump_yaml(sample_scenario())
    assert "schema_version: 1\nname: Support chat\n" in text
    assert "      input_usd_per_mtok: 0.15\n      output_usd_per_mtok: 0.60\n" in text
    assert "notes: |-\n  First look.\n  Prices as of November: to be checked.\n" in text
    assert "  - kind: rented\n    option_id: own-h100\n" in text
    assert "as_of: '2026-11-18'" in text
    assert "cache_write_usd_per_mtok: null" in text
    assert "!!" not in text


def test_prices_keep_every_digit() -> None:
    price = Decimal("1234567890.12345678")
    plain = with_option(1, price={"input_usd_per_mtok": str(price), "output_usd_per_mtok": "0.10"})
    for text in (json.dumps(plain), json.dumps(plain).replace(f'"{price}"', str(price))):
        option = parse_scenario(text, name="x").options[1]
        assert option.kind == "hosted"
        assert option.price is not None
        assert option.price.input_usd_per_mtok == price
        assert f"input_usd_per_mtok: {price}\n" in dump_yaml(parse_scenario(text, name="x"))


def test_json_and_yaml_are_told_apart_by_the_first_sign() -> None:
    scenario = sample_scenario()
    assert parse_scenario("\ufeff\n " + dump_json(scenario), name="x") == scenario
    assert (
        parse_scenario(b"\xef\xbb\xbf# a comment\n---\n" + dump_yaml(scenario).encode() + b"...\n", name="x")
        == scenario
    )


# The text


def test_ten_megabytes_are_refused_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.domain.document.read_json", lambda _: pytest.fail("parsed"))
    told = "plan.yaml: the document is too large (10,000,001 bytes; at most 262,144). A scenario is a few kilobytes: "
    assert problem(b"{" + b" " * 10_000_000).startswith(told)
    assert "too large" in problem("{" + " " * 10_000_000)
    assert "too large" in problem('{"x": "' + "\u20ac" * 100_000)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("", "the document is empty"),
        (" \n\t ", "the document is empty"),
        ("# only a comment\n", "does not hold named fields"),
        ("- a\n- b", "does not hold named fields"),
        ("just words", "does not hold named fields"),
        ("[1, 2]", "does not hold named fields"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        ("\ud800", "not UTF-8"),
        ('{"name": "x",}', "not valid JSON at line 1, column 1"),
        ('{\n "name": x}', "not valid JSON at line 2, column 10"),
        ('{"name": "a", "name": "b"}', "name is given twice in one place"),
        ("name: a\nowner: b\nname: c\n", "name is given twice in one place (line 3, column 1)"),
        ("name: [a\nowner: b\n", "not valid YAML at line 2"),
        ("name: a\n\towner: b\n", "not valid YAML at line 2"),
        ("name: &a x\nowner: y\n", "an anchor (&) is not taken (line 1, column 7)"),
        ("name: *a\n", "the alias *a is not taken (line 1, column 7)"),
        ("name: !!python/object:os.system x\n", "a tag (!) is not taken"),
        ("name: x\n---\nname: y\n", "more than one document"),
        ("? [a, b]\n: c\n", "a field name must be one word"),
        ("name: \x00", "control characters"),
        ("name: " + "[" * 60_000, "nested too deeply"),
        ('{"name": ' + "[" * 60_000, "nested too deeply"),
        ('{"name": ' + "[" * 30 + "]" * 30 + "}", "nested too deeply"),
        ('{"a": ' * 5_000, "nested too deeply"),
    ],
)
def test_text_that_is_not_a_document(data: str | bytes, told: str) -> None:
    message = problem(data)
    assert message.startswith("plan.yaml: ")
    assert told in message


def test_a_laughing_bomb_is_refused_at_its_first_anchor() -> None:
    lines = [
        'a: &a ["lol"]',
        *(f"{c}: &{c} [{', '.join(['*' + p] * 9)}]" for p, c in zip("abcdefg", "bcdefgh", strict=True)),
    ]
    assert "an anchor" in problem("\n".join(lines))


@given(st.text(max_size=80) | st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_either_a_scenario_or_a_document_error(data: str | bytes) -> None:
    with pytest.raises(DocumentError):
        parse_scenario(data, name="x")


# YAML by the 1.2 rules


def test_yaml_words_are_not_guessed_at() -> None:
    text = (
        dump_yaml(sample_scenario()).replace("owner: Platform team", "owner: NO").replace("'2026-11-18'", "2026-11-18")
    )
    scenario = parse_scenario(text, name="x")
    assert scenario.owner == "NO"
    assert scenario.options[1].kind == "hosted"
    assert scenario.options[1].price is not None
    assert scenario.options[1].price.provenance.as_of == "2026-11-18"


@pytest.mark.parametrize(("text", "value"), [("1e3", 1000), ("012", 12), ("+7.50", 7.5), (".5", 0.5), ("'4'", 4)])
def test_yaml_numbers(text: str, value: float) -> None:
    written = dump_yaml(sample_scenario()).replace("staff_usd_per_hour: 100", f"staff_usd_per_hour: {text}")
    assert parse_scenario(written, name="x").staff_usd_per_hour == value


# Fields


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (document(horizon_months=0), "horizon_months: 0 is out of range. Give a whole number from 1 up to 120."),
        (
            document(horizon_months=2.5),
            "horizon_months: 2.5 is not a whole number. Give a whole number from 1 up to 120.",
        ),
        (document(horizon_months=True), "horizon_months: true is not a whole number. Give"),
        (
            document(staff_usd_per_hour=False),
            "staff_usd_per_hour: false is not a number. Give a number from 0 up to 100,000.",
        ),
        (document(staff_usd_per_hour="a lot"), "staff_usd_per_hour: 'a lot' is not a number."),
        (document(staff_usd_per_hour=None), "staff_usd_per_hour: nothing is not a number."),
        (document(staff_usd_per_hour=float("nan")), "staff_usd_per_hour: nan is not a finite number."),
        (document(staff_usd_per_hour=float("-inf")), "staff_usd_per_hour: -inf is not a finite number."),
        (
            document(staff_usd_per_hour=-1.5),
            "staff_usd_per_hour: -1.5 is out of range. Give a number from 0 up to 100,000.",
        ),
        (document(name=2026), 'name: 2026 is a number where text belongs. Write it in quotes: "2026".'),
        (document(name=""), "name: the text is empty. Give text of 1 to 200 characters."),
        (document(name="x" * 201), "name: it has 201 characters, more than 200. Shorten it to at most 200 characters."),
        (document(name="\x07"), "name: control characters are not allowed. Type plain text."),
        (document(name="\ud800"), "name: the text holds a broken character."),
        (document(calendar="lunar"), "calendar: 'lunar' is not one of the choices. Give one of avg, 30d."),
        (document(horizon_mouths=1), "horizon_mouths: there is no field of this name. Did you mean horizon_months?"),
        (
            document(zzz=1),
            "zzz: there is no field of this name. The fields here are calendar, currency, fte_usd_per_year,",
        ),
        (
            document(workload=[]),
            "workload: a list stands where named fields belong. Give named fields, among them classes.",
        ),
        (
            document(options={}),
            "options: a group of fields stands where a list belongs. Give a list of 1 to 20 entries.",
        ),
        (document(options=[]), "options: the list is empty. Give a list of 1 to 20 entries."),
        (with_option(2, gpus_per_replica=0), "options[own-h100].gpus_per_replica: 0 is out of range."),
        (with_option(2, gpu="h100"), "options[own-h100].gpu: there is no field of this name. Did you mean gpu_id"),
        (
            with_option(2, option_id="Own H100"),
            "options[Own H100].option_id: 'Own H100' is not written as it should be. Give a short",
        ),
        (
            with_option(2, price_id="x"),
            "options[own-h100]: its fields do not go together. Give price_id or price, not both.",
        ),
        (
            with_option(2, kv_cache_bits=4),
            "options[own-h100].kv_cache_bits: 4 is not one of the choices. Give one of 8, 16.",
        ),
        (
            with_option(0, kind="ap"),
            (
                "options[openai]: 'ap' is not a kind that is known. "
                "Set kind to one of api, hosted, hybrid, owned, provisioned, rented, workstation."
            ),
        ),
        (with_option(0, kind=None), "options[openai]: its kind is missing."),
        (with_option(2, throughput={}), "options[own-h100].throughput: its fields do not go together. Give either"),
        (
            with_class(requests_per_day="1e400"),
            "workload.classes[chat].requests_per_day: '1e400' is not a finite number.",
        ),
        (
            with_class(batch_fraction=50),
            "workload.classes[chat].batch_fraction: 50 is out of range. Give a number from 0 up to 1.",
        ),
        (with_option(0, option_id="groq"), "scenario: option_id used twice: groq. Give each its own."),
    ],
)
def test_a_wrong_field_is_told_in_plain_words(data: dict[str, Any], told: str) -> None:
    assert problem(data).startswith(told)


@pytest.mark.parametrize(
    ("price", "told"),
    [
        ("0.123456789", "has too many digits. Keep at most 8 digits after the point."),
        ("12345678901", "has too many digits. Keep at most 10 digits before the point."),
        ("1e999999999", "has too many digits. Keep at most 18 digits in all."),
        ("-1", "is out of range. Give a number from 0."),
        ("NaN", "is not a finite number. Give a number from 0."),
        (True, "true is not a number."),
    ],
)
def test_a_wrong_price(price: object, told: str) -> None:
    message = problem(with_option(2, price={"usd_per_gpu_hour": price}))
    assert message.startswith("options[own-h100].price.usd_per_gpu_hour: ")
    assert told in message


@pytest.mark.parametrize(
    "number", ["1e999999999", "1e-999999999", "9" * 5_000, "0." + "1" * 5_000, "-1e99999999999999"]
)
def test_a_monstrous_number_costs_no_time(number: str) -> None:
    text = json.dumps(document()).replace('"gpus_per_replica": 1', f'"gpus_per_replica": {number}')
    assert problem(text).startswith("options[own-h100].gpus_per_replica: ")


def test_a_missing_field_is_described() -> None:
    plain = document()
    del plain["workload"]["classes"][1]["output_tokens"]
    assert problem(plain) == (
        "workload.classes[summaries].output_tokens: missing (Visible output tokens per request). "
        "Add it: give a number from 0 up to 100,000,000."
    )


def test_everything_wrong_is_told_at_once() -> None:
    plain = with_option(2, gpus_per_replica=99, bogus=1) | {"horizon_months": 0}
    plain["workload"]["classes"][0]["class_id"] = "summaries"
    plain["workload"]["classes"][1]["batch_fraction"] = 2
    assert [p.field for p in problems(plain)] == [
        "horizon_months",
        "workload.classes[1].batch_fraction",
        "options[own-h100].gpus_per_replica",
        "options[own-h100].bogus",
    ]


def test_a_newer_document_is_told_as_such_and_nothing_else() -> None:
    told = problem(document(schema_version=2, something_new=1))
    assert told.startswith("schema_version: written by a newer program (form 2; this program reads form 1). Update")


def test_problems_of_any_value_that_widgets_check() -> None:
    given = {"class_id": "chat", "requests_per_day": -1, "fresh_input_tokens": 1, "output_tokens": 1}
    with pytest.raises(ValidationError) as caught:
        TaskClass.model_validate(given)
    (only,) = problems_of(caught.value, given)
    assert only == Problem("requests_per_day", "-1 is out of range", "Give a number from 0 up to 1,000,000,000,000.")


def test_a_field_added_to_the_domain_can_be_explained() -> None:
    """Each field with a wrong value gives a remedy made from its own schema, never pydantic's words."""
    plain = document()
    for fields in (plain["latency"], *plain["workload"]["classes"], *plain["options"], plain):
        for name in fields.keys() - {"workload", "latency", "options", "kind", "option_id", "class_id"}:
            fields[name] = ["wrong"]
    found = problems(plain)
    assert len(found) > 40
    for each in found:
        assert "Input should" not in each.message
        assert "value of the right kind" not in each.remedy


def test_thousands_of_problems_are_told_in_short() -> None:
    found = problems(document(**{f"field-{n}": n for n in range(5_000)}))
    assert len(found) == 101
    assert str(found[-1]) == "scenario: 4,900 more problems. Correct these first."
