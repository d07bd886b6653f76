"""Where an option's throughput is from, in the editor: the source, points pasted as a table, and the engine."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from planner.domain.options import RentedOption
from tests.web.editor import act, choose, draft_of, errors, labelled, open_everything, open_option, press, turn, type_in

TABLE = "Loads and what came out"
PASTED = "concurrency, out_tok_s, mean_ttft_ms\n1, 95, 80\n16, 1180, 120\n64, 2900, 300"


def rented(app: AppTest) -> RentedOption:
    return next(o for o in draft_of(app).scenario.options if isinstance(o, RentedOption))


def opened(app: AppTest) -> None:
    open_option(app, rented(app).option_id)
    open_everything(app)


def paste(app: AppTest, text: str) -> None:
    act(app, labelled(app.text_area, TABLE).set_value(text))


def test_the_source_can_be_forced_and_the_caption_says_what_is_used(app: AppTest) -> None:
    opened(app)
    assert any("Throughput: modelled" in m.value for m in app.markdown)
    choose(app, "Throughput from", "published")
    assert any("Throughput: the nearest published run" in m.value for m in app.markdown)
    choose(app, "Throughput from", "calibrated")
    assert rented(app).throughput_source == "calibrated"
    assert any("Throughput: not known" in m.value for m in app.markdown)


def test_points_are_pasted_as_a_table_and_can_be_removed(app: AppTest) -> None:
    opened(app)
    paste(app, PASTED)
    held = rented(app).calibration
    assert held is not None
    assert [p.output_tokens_per_s for p in held.points] == [95, 1180, 2900]
    assert [p.ttft_ms for p in held.points] == [80, 120, 300]
    assert held.provenance.origin == "measured"
    assert any("from the points measured on your own server" in m.value for m in app.markdown)
    type_in(app, "Prompt tokens computed per request in the runs", 900.0)
    assert rented(app).calibration != held
    press(app, "Remove the measured points")
    assert rented(app).calibration is None
    assert labelled(app.text_area, TABLE).value == ""


def test_a_table_that_gives_no_points_is_told_and_changes_nothing(app: AppTest) -> None:
    opened(app)
    paste(app, "1, 95\n2, many")
    assert rented(app).calibration is None
    assert "Line 2: output_tokens_per_s 'many' is no number above 0" in errors(app)
    paste(app, PASTED)
    assert rented(app).calibration is not None
    assert "no number above 0" not in errors(app)


def test_the_engine_and_speculative_decoding_are_settings_of_the_option(app: AppTest) -> None:
    opened(app)
    choose(app, "Engine", "sglang")
    turn(app, "Speculative decoding")
    assert rented(app).serving.engine == "sglang"
    assert rented(app).serving.speculative is not None
    turn(app, "Speculative decoding", False)
    assert rented(app).serving.speculative is None
