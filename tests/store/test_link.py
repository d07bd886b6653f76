from __future__ import annotations

import base64
import hashlib
import json
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.decision.evaluate import decide
from planner.domain.options import RentedOption
from planner.domain.scenario import Scenario
from planner.domain.serving import CalibrationPoint, CalibrationPoints, MeasuredBy
from planner.store import link
from planner.store.link import DICTIONARIES, LinkError, LinkSize, LinkTooLong, decode, encode
from tests.samples import changed, facts_for, sample_facts, sample_scenario, scenarios

SCENARIO, FACTS = sample_scenario(), sample_facts()
TOKEN = encode(SCENARIO, FACTS)
OLD_LINK = Path(__file__).with_name("link_1.txt")


def packed(text: bytes) -> str:
    """A token of today's form around any text, with the right checksum."""
    body = link._deflate(text)
    return f"4.{link._base64(body)}.{link._base64(link._checksum(body))}"


def packed_json(**changes: object) -> str:
    plain = {"scenario": SCENARIO.model_dump(mode="json"), "facts": FACTS.model_dump(mode="json")}
    return packed(json.dumps(plain | changes).encode())


def refusal(token: str) -> str:
    with pytest.raises(LinkError) as caught:
        decode(token)
    assert str(caught.value) == f"{caught.value.message} {caught.value.remedy}"
    assert caught.value.message.endswith(".")
    return caught.value.message


@given(scenarios())
@settings(max_examples=100, deadline=None)
def test_any_scenario_travels_in_a_link(scenario: Scenario) -> None:
    try:
        token = encode(scenario, facts_for(scenario))
    except LinkTooLong:  # random texts do not compress
        assume(False)
    assert decode(token) == (scenario, facts_for(scenario))
    assert encode(*decode(token)) == token


def test_a_token_is_short_and_safe_in_an_address() -> None:
    assert len(TOKEN) < 1_100
    assert not LinkSize(len(TOKEN)).may_be_cut
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert decode(f" {TOKEN}\n") == (SCENARIO, FACTS)


def test_every_field_is_written_defaults_included() -> None:
    form, body, _ = TOKEN.split(".")
    plain = json.loads(link._inflate(link._unbase64(body), form))
    assert plain["scenario"].keys() == Scenario.model_fields.keys()
    assert plain["scenario"]["horizon_months"] == 36
    assert plain["scenario"]["options"][2]["gpu_overhead_gib"] == 2
    assert plain["facts"]["options"][0]["periods"][0]["prices"]["rates"]["input_usd_per_mtok"] == "0.25"


@pytest.mark.parametrize(
    ("form", "digest"),
    [
        ("1", "a564a588d6c4b6de7d2aed74fb9d3f891566e13dc66d3458489c547976db5916"),
        ("2", "20761fc839278e57587cf03fe4d0b3caf22786e180be5e336c3d897ad0a74376"),
        ("3", "f21c7e86bcec7b25d83aaac8acb31ae94c942544e6a0ef2360be5601c294b4d0"),
        ("4", "81f0cc4eb81e7932ec96a2b15a7addc728d7550f80174b399eec76d28d5524dd"),
    ],
)
def test_the_dictionary_is_a_part_of_the_form_and_never_changes(form: str, digest: str) -> None:
    assert hashlib.sha256(link._dictionary(form)).hexdigest() == digest
    assert (DICTIONARIES / f"dictionary-{form}.txt").read_bytes().isascii()


def test_a_link_of_the_first_release_still_opens() -> None:
    scenario, facts = decode(OLD_LINK.read_text())
    assert (scenario.name, scenario.horizon_months) == ("Support chat", 36)
    assert [option.option_id for option in scenario.options] == ["openai", "groq", "own-h100"]
    assert facts.options[2].kind == "rented"
    assert facts.options[2].usd_per_gpu_hour == 2.49
    # costed as it was then: nothing discounted, so that its answer is the one that was sent
    assert scenario.timeline.discount_rate_per_year == 0
    own = scenario.options[2]
    assert isinstance(own, RentedOption)
    assert (own.batch_fills_troughs, own.operations.updates_per_year) == (False, 0)
    answered = decide(scenario, facts).option("own-h100")
    assert answered.npv_usd == pytest.approx(answered.tco_usd, rel=1e-12)


@pytest.mark.parametrize("form", [2, 3])
def test_an_older_link_keeps_its_figures_to_the_cent(form: int) -> None:
    """Form 2 was made before prices, licences and models had rows of their own, form 3 before throughputs had sources;
    the figures are those they were sent with."""
    scenario, facts = decode((OLD_LINK.parent / f"link_{form}.txt").read_text())
    answered = {option.option_id: option.npv_usd for option in decide(scenario, facts).options}
    assert answered == pytest.approx(
        {
            "groq-gpt-oss-120b": 147_419.516,
            "gemini-3.8-flash": 1_466_665.930,
            "gpt-6-sol": 2_015_212.063,
            "own-h200": 449_600.588,
            "own-h100": 771_741.111,
        },
        abs=0.001,
    )


def test_a_link_with_points_typed_in_before_measurements_were_cited_keeps_its_figures_to_the_cent() -> None:
    scenario, facts = decode((OLD_LINK.parent / "link_4.txt").read_text())
    own = next(option for option in scenario.options if option.option_id == "own-h200")
    assert isinstance(own, RentedOption)
    assert own.calibration is not None
    assert own.calibration.measured_by is None
    answered = {option.option_id: option.npv_usd for option in decide(scenario, facts).options}
    assert answered["own-h200"] == pytest.approx(345_104.122, abs=0.001)
    assert answered["own-h100"] == pytest.approx(771_741.111, abs=0.001)
    assert decode(encode(scenario, facts)) == (scenario, facts)


def test_the_measurement_of_an_option_travels_with_all_that_it_says() -> None:
    said = MeasuredBy(
        measurement_id="3f2a9c1d5b7e8046",
        made_by="probe",
        engine="vllm",
        engine_version="0.32.0",
        gpu="1 x NVIDIA H100 SXM",
        status="noisy",
        spread_fraction=0.12,
        doubts=("Repeats of one load differ by 12% of their median.",),
        gpu_id="h100-sxm",
        gpus=1,
        model_id="gpt-oss-120b",
        format_id="mxfp4",
        source_before="published",
    )
    points = CalibrationPoints(
        input_tokens=1155,
        output_tokens=211,
        points=(CalibrationPoint(requests_in_flight=8, output_tokens_per_s=900),),
        measured_by=said,
    )
    options = [
        changed(option, calibration=points) if isinstance(option, RentedOption) else option
        for option in SCENARIO.options
    ]
    linked, _ = decode(encode(changed(SCENARIO, options=tuple(options)), FACTS))
    held = [option.calibration for option in linked.options if isinstance(option, RentedOption)]
    assert held
    assert held == [points] * len(held)


def test_line_ends_of_the_dictionary_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DICTIONARIES / "dictionary-4.txt").read_bytes()
    (tmp_path / "dictionary-4.txt").write_bytes(text.replace(b"\n", b"\r\n"))
    before = link._dictionary()
    monkeypatch.setattr(link, "DICTIONARIES", tmp_path)
    link._dictionary.cache_clear()
    assert link._dictionary() == before
    link._dictionary.cache_clear()


# Size


def test_sizes() -> None:
    assert [LinkSize(n).may_be_cut for n in (1800, 1801)] == [False, True]
    assert [LinkSize(n).too_long for n in (6000, 6001)] == [False, True]


def test_a_scenario_that_does_not_fit_is_told_to_be_saved() -> None:
    noise = base64.b64encode(b"".join(hashlib.sha512(bytes([n])).digest() for n in range(46))).decode()
    big = sample_scenario(notes=noise, workload=changed(SCENARIO.workload, source=noise[::-1]))
    with pytest.raises(LinkTooLong, match="Save it and share its id instead") as caught:
        encode(big, FACTS)
    assert caught.value.length > 6000


# Damage


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 50, 400])
def test_a_link_that_is_cut_off(cut: int) -> None:
    message = refusal(TOKEN[:-cut])
    assert "cut off or was changed" in message or "changed on its way" in message


@given(st.integers(2, len(TOKEN) - 1), st.sampled_from("Aa0_-.%"))
@settings(max_examples=200, deadline=None)
def test_a_link_with_one_changed_sign_is_refused_or_means_the_same(place: int, sign: str) -> None:
    changed_token = TOKEN[:place] + sign + TOKEN[place + 1 :]
    with suppress(LinkError):
        assert decode(changed_token) == (SCENARIO, FACTS)  # the last sign of a part has bits to spare


@given(st.text(max_size=60) | st.text("12.aZ09-_", max_size=60).map("1.".__add__))
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_with_a_sentence(token: str) -> None:
    assert refusal(token)


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("", "not a link to a scenario"),
        ("hello", "not a link to a scenario"),
        ("https://example.org/", "not a link to a scenario"),
        ("5" + TOKEN[1:], "has form 5, which this program does not know"),
        ("²" + TOKEN[1:], "not a link to a scenario"),
        (TOKEN.replace(".", ".é", 1), "signs that no link has"),
        (TOKEN.replace(".", ". ", 1), "signs that no link has"),
        ("1." + "A" * 6_000, "too long (6,002 characters)"),
        ("1.AAAA", "cut off or was changed"),
        (packed(b"just words"), "something other than a scenario"),
        (packed(b"[1]"), "something other than a scenario"),
        (packed(b'{"scenario": {}}'), "something other than a scenario"),
        (packed(b"\xff\xfe"), "something other than a scenario"),
        (packed(b"9" * 5_000), "something other than a scenario"),
        (packed(b"[" * 60_000), "nested too deeply"),
        (packed(b'{"a":' * 40_000), "nested too deeply"),
        (packed(b" " * 300_000), "unpacks to far more"),
        (packed(b" " * 3_000_000), "unpacks to far more"),
    ],
)
def test_foreign_tokens(token: str, told: str) -> None:
    assert told in refusal(token)


def test_bytes_that_are_not_deflate_or_go_on_after_it() -> None:
    for body in (b"\xff\xff\xff", link._deflate(b"{}") + b"more", link._deflate(b"{}" * 50)[:-3]):
        token = f"4.{link._base64(body)}.{link._base64(zlib.crc32(body).to_bytes(4, 'big'))}"
        assert "something other than a scenario" in refusal(token)


def test_a_scenario_of_a_newer_program() -> None:
    newer = SCENARIO.model_dump(mode="json") | {"schema_version": 2, "future": True}
    assert "written by a newer program" in refusal(packed_json(scenario=newer))


def test_fields_are_checked_like_any_other_input() -> None:
    scenario = SCENARIO.model_dump(mode="json")
    assert "horizon_months: 0 is out of range" in refusal(packed_json(scenario=scenario | {"horizon_months": 0}))
    assert "nan is not a finite number" in refusal(
        packed_json(scenario=scenario | {"staff_usd_per_hour": float("nan")})
    )
    assert "cannot read" in refusal(packed_json(facts=FACTS.model_dump(mode="json") | {"on": "someday"}))


def test_facts_of_other_options_are_refused() -> None:
    facts = FACTS.model_dump(mode="json")
    assert "not those of the scenario's options" in refusal(
        packed_json(facts=facts | {"options": facts["options"][:2]})
    )
    turned = facts | {"options": facts["options"][::-1]}
    assert "not those of the scenario's options" in refusal(packed_json(facts=turned))
    late = json.loads(json.dumps(facts))
    late["options"][0]["periods"][0]["from_month"] = 2
    assert "facts of openai are of another kind" in refusal(packed_json(facts=late))
    with pytest.raises(ValueError, match="not those"):
        encode(SCENARIO, changed(FACTS, options=FACTS.options[:1]))
