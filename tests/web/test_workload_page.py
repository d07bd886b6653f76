"""The page Workload: files in, measured demand out, and into the scenario; with real files and a real folder."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.domain.usage import UsageProfile
from planner.usage.errors import Cancelled
from planner.usage.kept import PROFILE, kept_profiles
from planner.web.usage_desk import DESK, Desk
from planner.web.usage_formats import HOW_TO, format_rows, listed
from planner.web.usage_job import Job, Said
from planner.web.usage_mapper import guess, offered
from planner.web.usage_start import MOST_MB
from planner.web.usage_use import GROUPS
from planner.workload.readers import READERS
from tests.samples_usage import bucketed_profile, usage_profile
from tests.web.editor import ON, ROOT, act, draft_of, go, labelled, new_session, press

LIMIT_S = 30
START = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
SECRET = "the patient's name"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "usage"


@pytest.fixture
def app(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_USAGE", str(folder))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    st.cache_resource.clear()
    page = new_session().run()
    go(page, "workload")
    yield page
    st.cache_resource.clear()


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.info, *app.error, *app.warning, *app.success, *app.subheader]
    return " ".join(part.value for part in parts).replace("\\", "").replace("\u2060", "")


def tables(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def figures(app: AppTest) -> dict[str, str]:
    return {m.label.replace("\\", ""): m.value for m in app.metric}


def desk_of(app: AppTest) -> Desk:
    found: Desk = app.session_state[DESK]
    return found


def settle(app: AppTest) -> AppTest:
    """Look at the page until the import has ended."""
    give_up_at = time.monotonic() + LIMIT_S
    while desk_of(app).job is not None and time.monotonic() < give_up_at:
        time.sleep(0.05)
        app.run()
        assert not app.exception
    assert desk_of(app).job is None
    return app


def drop(app: AppTest, *files: tuple[str, str]) -> AppTest:
    given = [(name, content.encode(), "text/csv") for name, content in files]
    app.file_uploader[0].set_value(given).run()
    press(app, "Import")
    return settle(app)


def open_tab(app: AppTest, name: str) -> AppTest:
    app.session_state["usage-tabs"] = name
    app.run()
    assert not app.exception
    return app


def requests_csv(hours: int = 24 * 15, bad: int = 0) -> str:
    """Two requests an hour of a large model, one of a small one; the first `bad` rows have no readable number."""
    lines = ["timestamp,model,input_tokens,cached_input_tokens,output_tokens,prompt"]
    for hour in range(hours):
        when = START + dt.timedelta(hours=hour)
        for model, tokens in (("large", 1000), ("large", 2000), ("small", 100)):
            output = "many" if len(lines) <= bad else str(tokens // 10)
            lines.append(f"{when:%Y-%m-%dT%H:%M:%SZ},{model},{tokens},{tokens // 4},{output},{SECRET}")
    return "\n".join(lines) + "\n"


ODD = "Sent at,Deployment,Tokens in,Tokens out,Latency,messages\n" + "".join(
    f"2026-11-0{day} 10:0{minute}:00,gpt-4o,{100 * day},10,1.5,{SECRET}\n" for day in (2, 3, 4) for minute in range(5)
)
BUCKETS = "timestamp,bucket_s,requests,model,input_tokens,output_tokens\n" + "".join(
    f"2026-11-02T{hour:02d}:{minute:02d}:00Z,60,{1 + hour},m,{1000 * (1 + hour)},{100 * (1 + hour)}\n"
    for hour in range(24)
    for minute in range(60)
)


def keep(folder: Path, profile: UsageProfile) -> UsageProfile:
    place = folder / profile.profile_id
    place.mkdir(parents=True)
    (place / PROFILE).write_text(profile.model_dump_json(), encoding="utf-8")
    return profile


def show(app: AppTest, folder: Path, profile: UsageProfile) -> AppTest:
    keep(folder, profile)
    app.query_params["import"] = profile.profile_id
    app.run()
    assert not app.exception
    return app


# The beginning


def test_the_empty_page_says_what_it_is_for_and_how_to_begin(app: AppTest) -> None:
    assert app.title[0].value == "Workload"
    assert "prompts are never stored" in words(app)
    assert f"At most {MOST_MB} MB a file" in words(app)
    assert "planner usage import" in words(app)
    assert "None yet" in words(app)
    assert labelled(app.button, "Import").disabled


def test_the_server_takes_files_as_large_as_the_page_says() -> None:
    config = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert re.search(rf"^maxUploadSize = {MOST_MB}\b", config, re.MULTILINE)


def test_other_boxes_for_files_stay_small(app: AppTest) -> None:
    go(app, "decide")
    assert [box.proto.max_upload_size_mb for box in app.file_uploader] == [1]


def test_every_format_says_how_it_is_exported() -> None:
    assert {reader.about.reader_id for reader in listed()} == set(HOW_TO)
    assert all(row[1] for row in format_rows().rows)


def test_a_format_that_never_holds_usage_is_not_offered() -> None:
    assert {r.about.reader_id for r in READERS} - {r.about.reader_id for r in listed()} == {"openai_empty"}


# From files to figures


def test_the_sample_is_imported_and_shown_with_its_figures(app: AppTest, folder: Path) -> None:
    """19,366 requests in 3,501.7 s are 478 thousand a day; the busiest of the minutes has 1.52 times the mean."""
    press(app, "Try with a sample")
    settle(app)
    assert app.query_params["import"] == kept_profiles(folder)[0].profile_id
    assert figures(app)["Requests (requests/day)"] == "478k"
    assert figures(app)["Mean input (tokens)"] == "1.15k"
    assert figures(app)["Peak to mean, 10 min (times)"] == "1.19×"
    assert figures(app)["Growth (% a month)"] == "not known"
    row = re.search(r'<th scope="row">1 min</th>(.*?)</tr>', tables(app))
    assert row is not None
    assert re.findall(r">([\d.]+)<", row[1])[:1] == ["1.52"]
    assert "The log is 58 minutes long: it needs two hours or more." in tables(app)


def test_a_plain_file_needs_no_mapping_and_its_prompts_are_nowhere(app: AppTest, folder: Path, tmp_path: Path) -> None:
    """3 requests an hour are 72 a day; a quarter of the input is cached."""
    drop(app, ("requests.csv", requests_csv()))
    assert "1,080 requests" in words(app)
    assert figures(app)["Requests (requests/day)"] == "72.2"
    assert figures(app)["Input read from a cache (%)"] == "25%"
    open_tab(app, "What was read")
    assert "requests.csv" in tables(app)
    assert "Every row could be used." in words(app)
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"patient" not in kept
    assert not list(tmp_path.glob("planner-usage-*")), "uploads are deleted"


def test_rejected_rows_are_told_with_their_lines_and_reasons(app: AppTest) -> None:
    drop(app, ("requests.csv", requests_csv(bad=3)))
    assert "3 rows of 1,080 (0.3%) could not be used" in words(app)
    open_tab(app, "What was read")
    assert "is not a whole number" in tables(app)
    assert "2, 3, 4" in tables(app)


def test_too_many_rejected_rows_stop_the_import_until_one_allows_them(app: AppTest, folder: Path) -> None:
    drop(app, ("requests.csv", requests_csv(hours=24, bad=36)))
    assert "The import was not made" in words(app)
    assert kept_profiles(folder) == ()
    labelled(app.number_input, "Stop when more rows than this cannot be used (%)").set_value(60.0)
    drop(app, ("requests.csv", requests_csv(hours=24, bad=36)))
    assert "36 rows of 72 (50%) could not be used" in words(app)


def test_everything_wrong_with_several_files_is_said_at_once(app: AppTest, folder: Path) -> None:
    drop(app, ("page.csv", "<!doctype html><p>log in</p>"), ("empty.csv", "timestamp,input_tokens,output_tokens\n"))
    for name in ("page.csv", "empty.csv"):
        assert name in words(app)
    assert "is a web page" in words(app)
    assert "is an empty export" in words(app)
    assert not folder.exists() or not kept_profiles(folder)


def test_one_bucket_file_has_no_lengths_and_says_why(app: AppTest) -> None:
    drop(app, ("sums.csv", BUCKETS))
    assert "buckets of 1 minute: no lengths, no finer peaks" in words(app)
    open_tab(app, "Lengths")
    assert "P95" not in tables(app)
    assert "not requests" in tables(app)


def test_a_file_is_imported_under_the_name_one_gives_it(app: AppTest, folder: Path) -> None:
    labelled(app.text_input, "Name of the import").set_value("Assistant *beta*")
    drop(app, ("requests.csv", requests_csv()))
    assert kept_profiles(folder)[0].name == "Assistant *beta*"
    assert "Assistant *beta*" in words(app)


# Sources of the operator


def test_a_configured_source_is_read_where_it_lies(
    app: AppTest, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, sources = tmp_path / "gateway.csv", tmp_path / "sources.yaml"
    log.write_text(requests_csv(), encoding="utf-8")
    sources.write_text(f"sources:\n  - name: Gateway of the shop\n    path: {log}\n", encoding="utf-8")
    assert "Source" not in [box.label for box in app.selectbox]
    monkeypatch.setenv("PLANNER_USAGE_SOURCES", str(sources))
    app.run()
    assert labelled(app.selectbox, "Source").options == ["Gateway of the shop"]
    press(app, "Import this source")
    settle(app)
    assert kept_profiles(folder)[0].name == "Gateway of the shop"
    assert log.is_file()


def test_a_source_that_is_gone_is_told_without_the_machines_paths(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        f"sources:\n  - name: Gateway of the shop\n    path: {tmp_path / 'gone.csv'}\n", encoding="utf-8"
    )
    monkeypatch.setenv("PLANNER_USAGE_SOURCES", str(sources))
    app.run()
    press(app, "Import this source")
    settle(app)
    assert "Gateway of the shop: there is no such file" in words(app)
    assert str(tmp_path) not in words(app)


def test_a_broken_list_of_sources_is_told_without_the_machines_paths(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources:\n  - path: [\n", encoding="utf-8")
    monkeypatch.setenv("PLANNER_USAGE_SOURCES", str(sources))
    app.run()
    assert not app.exception
    assert "sources.yaml, line" in words(app)
    assert str(tmp_path) not in words(app)
    press(app, "Try with a sample")
    settle(app)
    assert "19,366 requests" in words(app)


# While it runs


def until_stopped(said: Said, cancelled: Callable[[], bool]) -> None:
    said("reading", 0.42)
    while not cancelled():
        time.sleep(0.01)
    raise Cancelled


def test_an_import_shows_how_far_it_is_and_can_be_cancelled(app: AppTest) -> None:
    job: Job[None] = Job(until_stopped, lambda: True)
    time.sleep(0.1)
    desk_of(app).job = job  # type: ignore[assignment]
    app.run()
    assert "The other pages work meanwhile" in words(app)
    assert app.get("progress")[0].proto.value == 42
    press(app, "Cancel")
    settle(app)
    assert job.state == "stopped"
    assert "The import was stopped" in words(app)


# Unknown columns


def test_unknown_columns_are_mapped_by_hand_with_a_look_at_the_first_rows(app: AppTest, folder: Path) -> None:
    drop(app, ("odd.csv", ODD))
    assert "is of no format that is known" in words(app)
    assert "comes closest to" in words(app)
    boxes = {box.label: box.value for box in app.selectbox}
    assert boxes["Time"] == "Sent at"
    assert boxes["Model"] == "Deployment"
    assert (boxes["Input tokens"], boxes["Output tokens"]) == ("Tokens in", "Tokens out")
    assert "messages" not in labelled(app.selectbox, "Model").options
    assert "The first 5 rows as read" in tables(app)
    assert "2026-11-02 10:00:00" in tables(app)
    assert SECRET not in tables(app) + words(app)
    act(app, labelled(app.radio, "Durations are in").set_value("seconds"))
    assert "1,500" in tables(app)
    press(app, "Import with these columns")
    settle(app)
    assert "15 requests" in words(app)
    assert figures(app)["Mean input (tokens)"] == "300"
    assert kept_profiles(folder)[0].sources[0].format_id == "mapped"


def test_two_files_that_may_hold_the_same_usage_are_asked_about_and_the_answer_counts(app: AppTest) -> None:
    head = "timestamp,bucket_s,requests,model,input_tokens,output_tokens\n2026-11-02T00:00:00Z,86400,"
    files = ("one.csv", f"{head}10,m,1000,100\n"), ("two.csv", f"{head}20,m,2000,200\n")
    drop(app, *files)
    said = "Say which with “What two files may both hold” under “How to read it”"
    assert said in words(app)
    act(app, labelled(app.selectbox, "What two files may both hold").set_value("add"))
    drop(app, *files)
    assert figures(app)["Requests (requests/day)"] == "30"


def test_what_was_said_stands_after_an_import_that_failed(app: AppTest) -> None:
    """Zone, owners and columns are not asked for twice."""
    act(app, labelled(app.selectbox, "Zone of times that say none").set_value("Europe/Berlin"))
    act(app, labelled(app.selectbox, "Keep who asked, for showback").set_value("team"))
    drop(app, ("odd.csv", ODD))
    assert "2026-11-02 09:00:00" in tables(app), "10 o'clock in Berlin"
    act(app, labelled(app.selectbox, "Output tokens").set_value("Deployment"))
    press(app, "Import with these columns")
    settle(app)
    assert "Deployment is not a whole number" in words(app)
    assert "say otherwise how to read it" in words(app)
    boxes = {box.label: box.value for box in app.selectbox}
    assert (boxes["Zone of times that say none"], boxes["Keep who asked, for showback"]) == ("Europe/Berlin", "team")
    assert (boxes["Time"], boxes["Output tokens"]) == ("Sent at", "Deployment")
    assert not [warning for warning in app.warning if "default value" in warning.value]


def test_the_limit_of_rejects_is_called_what_the_page_calls_it(app: AppTest) -> None:
    drop(app, ("requests.csv", requests_csv(bad=20)))
    assert "allow more with “Stop when more rows than this cannot be used (%)” under “How to read it”" in words(app)


def test_cached_tokens_beside_the_input_make_the_prompt_longer(app: AppTest, folder: Path) -> None:
    """80 cached beside 100 are a prompt of 180; inside, 20 of the 100 are fresh."""
    rows = "".join(f"2026-11-02 1{h}:00:00,a,100,80,5\n" for h in range(10))
    drop(app, ("odd.csv", "Sent at,engine,tokens in,tokens cached,tokens out\n" + rows))
    assert re.search(r">20<.*?>80<", tables(app))
    act(app, labelled(app.radio, "Cached input tokens are").set_value("beside the input tokens"))
    assert re.search(r">100<.*?>80<", tables(app))
    press(app, "Import with these columns")
    settle(app)
    (profile,) = kept_profiles(folder)
    assert profile.mean_input_tokens == 180


@pytest.mark.parametrize(("name", "shown"), [("latency_s", "1,500"), ("latency", "2"), ("Latency (ms)", "2")])
def test_the_unit_of_a_duration_is_guessed_from_its_name(app: AppTest, name: str, shown: str) -> None:
    drop(app, ("odd.csv", ODD.replace("Latency", name)))
    assert re.search(rf">{shown}</td><td class=\"figure\">not known", tables(app))


def test_without_the_time_there_is_nothing_to_import(app: AppTest) -> None:
    drop(app, ("odd.csv", ODD))
    act(app, labelled(app.selectbox, "Time").set_value(""))
    assert "Still needed: Time." in words(app)
    assert labelled(app.button, "Import with these columns").disabled


def test_files_that_are_not_understood_can_be_let_go_of(app: AppTest, tmp_path: Path) -> None:
    drop(app, ("odd.csv", ODD))
    assert list(tmp_path.glob("planner-usage-*"))
    press(app, "Forget these files")
    assert "which column is which" not in words(app)
    assert not list(tmp_path.glob("planner-usage-*"))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (
            ["created_at", "model_name", "prompt_tokens", "completion_tokens", "total_tokens", "latency_ms"],
            ("created_at", "model_name", "prompt_tokens", None, "completion_tokens", "latency_ms", None),
        ),
        (
            ["id", "startTime", "endTime", "inputTokens", "cacheReadTokens", "outputTokens", "totalCostUsd"],
            ("startTime", None, "inputTokens", "cacheReadTokens", "outputTokens", None, "totalCostUsd"),
        ),
        (["a", "b"], (None,) * 7),
    ],
)
def test_columns_are_guessed_by_the_words_in_their_names(columns: list[str], found: tuple[str | None, ...]) -> None:
    names = ("timestamp", "model", "input_tokens", "cached_input_tokens", "output_tokens", "duration", "cost")
    assert guess(columns) == {name: column for name, column in zip(names, found, strict=True) if column}


def test_columns_with_what_people_wrote_are_never_offered() -> None:
    written = ["prompt", "messages", "Completion", "request_body", "response", "content", "input", "output.text"]
    figures = ["prompt_tokens", "response_id", "input_tokens", "output.tokens"]
    assert offered([*written, *figures]) == figures


# Kept imports


def test_a_kept_import_is_opened_from_the_list_and_forgotten(app: AppTest, folder: Path) -> None:
    profile = keep(folder, usage_profile())
    app.run()
    press(app, "Open it")
    assert app.query_params["import"] == profile.profile_id
    assert "Office assistant" in words(app)
    press(app, "Forget it")
    assert kept_profiles(folder) == ()
    assert "Office assistant is forgotten." in words(app)


def test_a_link_to_an_import_that_is_not_kept_says_so(app: AppTest) -> None:
    for wanted in ("0" * 16, "../../etc", "<b>"):
        app.query_params["import"] = wanted
        app.run()
        assert not app.exception
        assert "keeps no such import" in words(app)
    press(app, "Back to all imports")
    assert "import" not in app.query_params


@pytest.mark.parametrize("profile", [usage_profile(), bucketed_profile(), usage_profile(has_calendar=False)])
def test_every_part_of_a_result_is_drawn(app: AppTest, folder: Path, profile: UsageProfile) -> None:
    show(app, folder, profile)
    for tab in ("Demand", "Lengths", "Models", "What was read", "Use in scenario"):
        open_tab(app, tab)
        assert all(chart.proto.alt for chart in app.get("plotly_chart")), tab
    assert "<b>mini</b>" not in tables(app)


def test_every_chart_has_its_figures_as_a_table(app: AppTest, folder: Path) -> None:
    show(app, folder, usage_profile())
    assert len(app.get("plotly_chart")) == 2
    for name in ("week", "curve"):
        app.session_state[f"usage-table-{name}"] = True
    app.run()
    assert "The week, times the mean hour" in tables(app)
    assert '<th scope="row">08:00</th>' in tables(app)
    assert "Load-duration curve" in tables(app)


# Into the scenario


def test_a_measured_log_replaces_the_typed_figures_and_undo_brings_them_back(app: AppTest) -> None:
    before = draft_of(app).scenario
    drop(app, ("requests.csv", requests_csv()))
    press(app, "Use in scenario")
    assert "What changes in the scenario" in tables(app)
    press(app, "Use these figures")
    workload = draft_of(app).scenario.workload
    assert {c.label for c in workload.classes} == {"large", "small"}
    assert workload.usage is not None
    assert workload.usage.name == "requests"
    assert len(workload.hourly_profile) > 24
    assert labelled(app.button, "Use these figures").disabled
    go(app, "decide")
    assert "Workload: **measured**" in words(app)
    assert "2026-11-02 to 2026-11-16" in words(app)
    press(app, "Undo")
    assert draft_of(app).scenario == before


def test_undo_is_there_on_the_page_itself(app: AppTest, folder: Path) -> None:
    before = draft_of(app).scenario
    show(app, folder, usage_profile())
    open_tab(app, "Use in scenario")
    press(app, "Use these figures")
    assert "The scenario uses these figures." in words(app)
    press(app, "Undo")
    assert draft_of(app).scenario == before
    assert "The scenario uses these figures." not in words(app)


def test_some_models_alone_can_be_taken(app: AppTest, folder: Path) -> None:
    """800 of the week's 1,000 requests are of gpt-4o: 114 a day."""
    show(app, folder, usage_profile())
    open_tab(app, "Use in scenario")
    act(app, app.multiselect[0].set_value(["gpt-4o"]))
    press(app, "Use these figures")
    (task,) = draft_of(app).scenario.workload.classes
    assert task.requests_per_day == pytest.approx(800 / 7, rel=1e-4)


@pytest.mark.parametrize(("by", "classes"), [("model", 2), ("together", 1)])
def test_classes_are_made_as_one_says(app: AppTest, folder: Path, by: str, classes: int) -> None:
    assert by in GROUPS
    show(app, folder, usage_profile())
    open_tab(app, "Use in scenario")
    act(app, labelled(app.selectbox, "A class of requests for").set_value(by))
    press(app, "Use these figures")
    assert len(draft_of(app).scenario.workload.classes) == classes


def test_growth_is_taken_only_when_asked_for(app: AppTest, folder: Path) -> None:
    show(app, folder, usage_profile())
    open_tab(app, "Use in scenario")
    assert "80% interval" in app.checkbox[0].label.replace("\\", "")
    press(app, "Use these figures")
    plain = draft_of(app).scenario.timeline.growth
    act(app, app.checkbox[0].check())
    press(app, "Use these figures")
    growth = draft_of(app).scenario.timeline.growth
    assert growth != plain
    assert (growth.shape, growth.per_month) == ("compound", 0.04)


def test_a_log_that_counts_no_requests_asks_for_them(app: AppTest, folder: Path) -> None:
    """1.2 M input tokens a day at 1,200 each are 1,000 requests."""
    show(app, folder, bucketed_profile())
    open_tab(app, "Use in scenario")
    assert "does not count the requests" in words(app)
    assert "Use these figures" not in [b.label for b in app.button]
    act(app, labelled(app.number_input, "or mean prompt (tokens per request)").set_value(1200.0))
    press(app, "Use these figures")
    (task,) = draft_of(app).scenario.workload.classes
    assert task.requests_per_day == pytest.approx(1000, rel=1e-4)
    usage = draft_of(app).scenario.workload.usage
    assert usage is not None
    assert "requests" in usage.assumed


def test_the_forecast_runs_over_the_horizon_of_the_scenario(app: AppTest, folder: Path) -> None:
    profile = keep(folder, usage_profile())
    app.query_params["import"] = profile.profile_id
    app.session_state["usage-forecast"] = True
    app.run()
    assert not app.exception
    months = draft_of(app).scenario.horizon_months
    assert f"Forecast of the next {months} months" in [box.label for box in app.expander]
    assert "Month after the log" in tables(app)
    assert f"<td>{months}</td>" in tables(app) or f">{months}<" in tables(app)
    assert "Confidence:" in words(app)
