"""The page Probe: what measuring is worth, a run on a real server on this machine, its result, and into the plan."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import yaml
from streamlit.testing.v1 import AppTest

from planner.capacity.measurement.document import measurement_json
from planner.domain.measured_run import Flag
from planner.domain.measurement import Declared, Measurement
from planner.domain.options import SelfHosted
from planner.domain.probe_task import ProbeTask
from planner.probe.errors import ProbeError
from planner.probe.kept import keep, kept, listed
from planner.web import probe_where
from planner.web.probe_import import read_all
from planner.web.probe_job import REGISTRY
from planner.web.probe_numbers import NotLevels, read_levels
from planner.web.probe_result import TABS, USE
from planner.web.probe_where import ONLY_LISTED, alone
from planner.web.probe_work import Chosen, checked, start
from tests.decision.probe_samples import ID, measured
from tests.probe.fault_server import Faults, FaultServer, fault_server
from tests.web.editor import (
    ON,
    act,
    choose,
    draft_of,
    errors,
    go,
    labelled,
    new_session,
    open_everything,
    open_option,
    press,
    type_in,
)

LIMIT_S = 30
SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "probe"
H200 = Declared(gpu_id="h200", gpus=1, model_id="gpt-oss-120b", format_id="mxfp4")
"""The server of the first scenario's option own-h200."""
LENGTHS = (1155, 211)
HOSTILE = "<script>alert(1)</script> ![i](https://tracker.example/x) **bold** :material/close: $x$"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "measurements"


@pytest.fixture(autouse=True)
def _of_its_own(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_MEASUREMENTS", str(folder))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    monkeypatch.delenv("PLANNER_PROBE_TARGETS", raising=False)
    st.cache_resource.clear()
    yield
    REGISTRY.end_all()
    st.cache_resource.clear()


@pytest.fixture
def faults() -> Faults:
    return Faults(ttft_s=0.001, token_s=0.0005, slots=2)


@pytest.fixture
def server(faults: Faults) -> Iterator[FaultServer]:
    with fault_server(faults) as running:
        yield running


@pytest.fixture
def app() -> AppTest:
    return page()


def page(**query: str) -> AppTest:
    """The page in a session of its own."""
    app = new_session().run()
    for name, value in query.items():
        app.query_params[name] = value
    go(app, "probe")
    return app


def plain(text: str) -> str:
    return text.replace("\\", "").replace("\u2060", "")


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.info, *app.error, *app.warning, *app.success, *app.subheader]
    return plain(" ".join(part.value for part in parts))


def tables(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def figures(app: AppTest) -> dict[str, str]:
    return {plain(m.label): m.value for m in app.metric}


def buttons(app: AppTest) -> list[str]:
    return [b.label for b in app.button]


def names(app: AppTest) -> list[str]:
    return [box.label for box in app.text_input]


def small_task(app: AppTest, levels: str = "1, 2", repeats: int = 1, output: int = 8) -> None:
    type_in(app, "Prompt (tokens per request)", 16)
    type_in(app, "Output (tokens per request)", output)
    type_in(app, "Most requests in flight", 2)
    type_in(app, "Repeats of each load", repeats)
    act(app, labelled(app.text_input, "Requests in flight, one load after the other").input(levels))


def address_of(app: AppTest, url: str) -> None:
    act(app, labelled(app.text_input, "Address").input(url))


def agree(app: AppTest) -> None:
    act(app, app.checkbox[0].check())


def begin(app: AppTest, url: str, **task: Any) -> None:
    """A small probe of a server on this machine, as a user starts it."""
    address_of(app, url)
    small_task(app, **task)
    agree(app)
    press(app, "Start the probe")


def settle(app: AppTest) -> AppTest:
    """Look at the page until the probe is over."""
    give_up_at = time.monotonic() + LIMIT_S
    while REGISTRY.running() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert not REGISTRY.running()
    app.run()
    assert not app.exception
    return app


def until_answered(server: FaultServer, requests: int = 4) -> None:
    give_up_at = time.monotonic() + LIMIT_S
    while server.generations < requests and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert server.generations >= requests


def show(measurement: Measurement, tab: str | None = None) -> AppTest:
    """A kept measurement opened by its link."""
    keep(measurement)
    app = page(m=measurement.measurement_id)
    if tab is not None:
        app.session_state[TABS] = tab
        app.run()
        assert not app.exception
    return app


def of_h200(**more: Any) -> Measurement:
    return measured(declared=H200, shape=LENGTHS, **more)


# Before anything is measured


def test_the_empty_page_says_what_a_probe_is_what_it_is_worth_and_what_it_costs(app: AppTest) -> None:
    assert app.title[0].value == "What does your server really do?"
    assert "from about 9% to about 2%" in words(app)
    assert "nothing of your data, and no answer is kept" in words(app)
    assert re.search(r"gpt-oss-120b on own H200s .*the probe costs \$[\d,]+", words(app))
    assert "None yet" in words(app)


def test_the_command_has_every_figure_of_the_scenarios_option(app: AppTest) -> None:
    """Mean request of the scenario: 1,155 in, 211 out."""
    command = app.code[0].value
    for part in (
        "planner probe http://127.0.0.1:8000 --model NAME",
        "--gpu 'NVIDIA H200 x1'",
        "--catalog-model gpt-oss-120b --format mxfp4",
        "--input-tokens 1155 --output-tokens 211",
        "--ttft-ms 2000 --tpot-ms 60",
        "--out measurement.json",
    ):
        assert part in command
    choose(app, "Option of the scenario that the server stands for", "own-h100")
    assert "--gpu 'NVIDIA H100 SXM x4'" in app.code[0].value


def test_a_scenario_without_own_gpus_can_be_measured_for_all_the_same(app: AppTest) -> None:
    draft = draft_of(app)
    left = tuple(o for o in draft.scenario.options if not isinstance(o, SelfHosted) and o.kind != "hybrid")
    draft.scenario = draft.scenario.model_copy(update={"options": left})
    app.run()
    assert not app.exception
    assert "has no option on GPUs of its own" in words(app)
    assert "--input-tokens" in app.code[0].value


# What it takes, before the start


def test_nothing_starts_before_the_load_was_shown_and_agreed_to(app: AppTest, server: FaultServer) -> None:
    """2 loads x 1 repeat: max(4 x 1, 12) + 1 and max(4 x 2, 12) + 2 requests, and one that looks: 28 of 24 tokens."""
    address_of(app, server.url)
    small_task(app)
    assert figures(app)["Requests"] == "28"
    assert figures(app)["Tokens"] == "672"
    assert "1, 2 in flight; 2 runs" in words(app)
    assert labelled(app.button, "Start the probe").disabled
    assert server.asked == []
    agree(app)
    assert not labelled(app.button, "Start the probe").disabled
    type_in(app, "Output (tokens per request)", 9)
    assert labelled(app.button, "Start the probe").disabled, "what was agreed to was another load"


def test_loads_that_cannot_be_read_are_told_with_an_example(app: AppTest, server: FaultServer) -> None:
    address_of(app, server.url)
    small_task(app, levels="1, many")
    assert "'many' is no whole number. Write whole numbers with commas between them" in plain(errors(app))
    assert "Start the probe" not in buttons(app)


@pytest.mark.parametrize(
    ("text", "levels"), [("1, 4,16", (1, 4, 16)), ("16 4;4", (4, 16)), (" 7 ", (7,)), ("4096", (4096,))]
)
def test_loads_are_read_as_people_write_them(text: str, levels: tuple[int, ...]) -> None:
    assert read_levels(text) == levels


@pytest.mark.parametrize(
    "text", ["", " ,", "0", "4097", "1.5", "-1", "1e3", "\u0661", ",".join(map(str, range(1, 40)))]
)
def test_other_loads_are_refused(text: str) -> None:
    with pytest.raises(NotLevels):
        read_levels(text)


def test_a_limit_in_dollars_needs_a_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour at $2 is the most that 60 minutes can cost."""
    list_targets(tmp_path, monkeypatch, "http://127.0.0.1:1")
    app = page()
    type_in(app, "US dollars at most", 1.0)
    assert "Dollars cannot be counted without a price" in errors(app)
    assert "Start the probe" not in buttons(app)
    list_targets(tmp_path, monkeypatch, "http://127.0.0.1:1", usd_per_gpu_hour=2.0)
    type_in(app, "Minutes at most", 60)
    assert "Dollars cannot be counted" not in errors(app)
    assert "at most $1.00" in words(app)
    type_in(app, "US dollars at most", 0)
    assert "at most $2.00" in words(app)


# A run


def test_a_probe_of_a_server_on_this_machine_from_start_to_result(app: AppTest, server: FaultServer) -> None:
    begin(app, server.url)
    (job,) = REGISTRY.running()
    assert "It goes on when you leave or reload this page" in words(app)
    assert "Cancel" in buttons(app)
    settle(app)
    assert job.state == "done"
    (found,) = listed().measurements
    assert app.query_params["m"] == found.measurement_id
    assert "is done, and kept on this server" in words(app)
    assert "tiny on vLLM 0.32.0, 1 x NVIDIA H200" in words(app)
    assert "Server and client counted the same answer tokens in 2 of 2 runs (192 tokens)." in words(app)
    assert found.shape.input_tokens_asked == 16
    assert [run.requests_in_flight for run in found.runs] == [1, 2]
    assert found.declared.gpu_id == "h200"
    (chart,) = app.get("plotly_chart")
    assert "at 1 in flight" in chart.proto.alt
    assert "By load, median of the repeats" in tables(app)


def test_another_session_sees_the_same_run_and_may_cancel_it(app: AppTest, faults: Faults, server: FaultServer) -> None:
    faults.token_s = 0.02
    begin(app, server.url, repeats=20)
    (job,) = REGISTRY.running()
    until_answered(server)
    other = page()
    assert "Probing the server at http://127.0.0.1:" in words(other)
    press(other, "Cancel")
    settle(other)
    assert job.stopping
    assert f"The probe of {job.asked.name}" in words(other)
    app.run()
    assert not app.exception
    assert "Cancel" not in buttons(app)


def test_a_cancelled_probe_keeps_its_whole_runs_and_says_that_it_was_stopped(
    app: AppTest, faults: Faults, server: FaultServer
) -> None:
    begin(app, server.url, repeats=20)
    give_up_at = time.monotonic() + LIMIT_S
    while not listed().measurements and time.monotonic() < give_up_at:
        time.sleep(0.02)
    faults.token_s = 0.05
    press(app, "Cancel")
    settle(app)
    (found,) = listed().measurements
    assert 1 <= len(found.runs) < 40
    assert found.stopped
    assert found.summary.status == "partial"
    assert "It ended early: " in words(app)
    assert until_idle(server)


def until_idle(server: FaultServer) -> bool:
    give_up_at = time.monotonic() + 5
    while server.engine.running and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return server.engine.running == 0


def test_the_same_server_is_probed_once_at_a_time(app: AppTest, faults: Faults, server: FaultServer) -> None:
    faults.token_s = 0.02
    begin(app, server.url, repeats=20)
    until_answered(server)
    other = page()
    begin(other, server.url.replace("127.0.0.1", "localhost"))
    assert "is being probed already" in plain(errors(other))
    assert len(REGISTRY.running()) == 1


def test_why_nothing_was_measured_is_told_with_the_way_out(app: AppTest, faults: Faults, server: FaultServer) -> None:
    faults.api_key = "sesame"
    begin(app, server.url)
    settle(app)
    assert "The probe of the server at http://127.0.0.1" in plain(errors(app))
    assert "key" in errors(app)
    assert "m" not in app.query_params
    assert listed().measurements == ()


def test_a_key_reaches_its_server_and_no_other_place(
    app: AppTest, faults: Faults, server: FaultServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    faults.api_key = "sk-sesame-0123456789"
    act(app, labelled(app.text_input, "API key").input(faults.api_key))
    begin(app, server.url)
    settle(app)
    assert {r.headers.get("Authorization") for r in server.asked if r.path.startswith("/v1")} == {
        f"Bearer {faults.api_key}"
    }
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert stored
    assert faults.api_key.encode() not in stored
    assert faults.api_key not in words(app) + tables(app) + caplog.text
    assert str(server.server_port).encode() not in stored, "nor is the address kept"


# Who may probe what


@pytest.mark.parametrize(
    ("address", "hosts", "origins", "environ", "free"),
    [
        ("127.0.0.1", ["localhost", "127.0.0.1"], [], {}, True),
        ("localhost", ["localhost"], [], {}, True),
        ("::1", ["[::1]", "localhost:8501"], [], {}, True),
        ("0.0.0.0", ["localhost"], [], {}, False),
        (None, ["localhost"], [], {}, False),
        ("10.0.0.7", ["localhost"], [], {}, False),
        ("unix:///run/planner.sock", ["localhost"], [], {}, False),
        ("127.0.0.1", ["localhost", "planner.corp"], [], {}, False),
        ("127.0.0.1", ["localhost", "10.0.0.7"], [], {}, False),
        ("127.0.0.1", [], [], {}, False),
        ("127.0.0.1", ["localhost"], ["https://planner.corp"], {}, False),
        ("127.0.0.1", ["localhost"], [], {"PLANNER_PUBLIC_URL": "https://planner.corp/tco"}, False),
        ("127.0.0.1", ["localhost"], [], {"PLANNER_ALLOW_OPEN": "1"}, False),
        ("127.0.0.1", ["localhost"], [], {"PLANNER_PUBLIC_URL": "http://localhost:8501"}, True),
    ],
)
def test_an_address_may_be_typed_only_where_nobody_else_reaches_the_app(
    address: str | None, hosts: list[str], origins: list[str], environ: dict[str, str], free: bool
) -> None:
    """A proxy of this machine brings others to a loopback address: then the app answers to another name too."""
    assert alone(address, hosts, origins, environ) is free


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app as others reach it."""
    monkeypatch.setenv(probe_where.PUBLIC_URL, "https://planner.corp")


@pytest.mark.usefixtures("shared")
def test_a_shared_server_has_no_box_for_an_address(app: AppTest) -> None:
    assert "Address" not in names(app)
    assert ONLY_LISTED in words(app)
    assert "Start the probe" not in buttons(app)
    assert "planner probe http://127.0.0.1:8000" in app.code[0].value, "beside the GPU anybody can measure"


@pytest.mark.usefixtures("shared")
def test_a_shared_server_starts_no_typed_address_whatever_a_session_holds(server: FaultServer) -> None:
    """Not even one that the page offered before the server was shared."""
    task = ProbeTask(input_tokens=16, output_tokens=8)
    for policy in ("loopback", "own"):
        chosen = Chosen("mine", server.url, "tiny", "", Declared(), policy)
        with pytest.raises(ProbeError, match="An address can be typed only where"):
            start(chosen, task, {})
    assert REGISTRY.running() == ()
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:8000",
        "http://192.168.1.5",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0:8000",
        "http://[::ffff:10.0.0.1]:8000",
        "http://2130706433:8000",
        "http://user:word@127.0.0.1:8000",
        "file:///etc/passwd",
        "http://93.184.215.14",
    ],
)
def test_a_typed_address_that_is_not_this_machine_cannot_be_started(app: AppTest, url: str) -> None:
    begin(app, url)
    assert "The probe was not started" in errors(app)
    assert REGISTRY.running() == ()


def test_a_server_that_leads_elsewhere_is_not_followed(app: AppTest, faults: Faults, server: FaultServer) -> None:
    with fault_server() as elsewhere:
        faults.redirect = f"{elsewhere.url}/v1/models"
        begin(app, server.url)
        settle(app)
        assert elsewhere.asked == []
    assert app.error
    assert listed().measurements == ()


def list_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, **more: Any) -> None:
    entry = {"name": "Lab", "url": url, "model": "tiny", "gpu": "h200", "note": "ask first"} | more
    path = tmp_path / "targets.yaml"
    path.write_text(yaml.safe_dump({"targets": [entry]}))
    monkeypatch.setenv("PLANNER_PROBE_TARGETS", str(path))


@pytest.mark.usefixtures("shared")
def test_a_listed_server_is_probed_by_its_name_from_a_shared_page(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_targets(tmp_path, monkeypatch, server.url)
    app = page()
    assert "ask first" in words(app)
    small_task(app)
    agree(app)
    press(app, "Start the probe")
    assert "Probing Lab" in words(app)
    settle(app)
    (found,) = listed().measurements
    assert found.declared.gpu_id == "h200"
    shown = words(app) + tables(app) + measurement_json(found).decode()
    assert str(server.server_port) not in shown
    assert "127.0.0.1" not in shown


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("fault", ["dead", "refused", "unknown"])
def test_where_a_listed_server_stands_is_told_to_nobody(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault_server(Faults(api_key="sesame" if fault == "refused" else "")) as server:
        url = "http://gpu7.inner.example:8000" if fault == "unknown" else server.url
        list_targets(tmp_path, monkeypatch, url)
        app = page()
        small_task(app)
        agree(app)
        if fault == "dead":
            server.die()
        press(app, "Start the probe")
        if not app.error:
            settle(app)
    told = plain(errors(app))
    assert "Lab" in told
    for secret in (str(server.server_port), "127.0.0.1", "gpu7", "inner.example"):
        assert secret not in told


def test_a_list_of_servers_that_cannot_be_used_is_told_and_the_page_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_targets(tmp_path, monkeypatch, "http://lab:8000", colour="red")
    app = page()
    assert "The operator's list of servers cannot be used" in words(app)
    assert str(tmp_path) not in words(app)
    assert "Address" in names(app)


def test_a_listed_server_that_is_another_than_the_options_is_told_before_it_is_probed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_targets(tmp_path, monkeypatch, "http://127.0.0.1:1", gpu="h100-sxm", gpus=2)
    said = "This server is said to be 2 x NVIDIA H100 SXM; the option is 1 x NVIDIA H200."
    assert said in words(page())


def test_a_chosen_server_never_shows_its_key() -> None:
    chosen = Chosen("Lab", "http://127.0.0.1:1", "tiny", "sesame", Declared(), "listed")
    assert "sesame" not in repr(chosen)
    assert checked(chosen).port == 1


# A kept measurement


def test_a_link_opens_a_measurement_with_its_figures(folder: Path) -> None:
    app = show(of_h200())
    assert "llama on vLLM 0.32.0, 1 x NVIDIA H200" in words(app)
    assert figures(app)["Spread over repeats"] == "0%"
    assert app.code[0].value.endswith(f"/probe?m={ID}")
    assert "Loads" not in figures(app)
    press(app, "Back to all measurements")
    assert "m" not in app.query_params
    assert "Kept on this server" in tables(app)
    press(app, "Open it")
    assert app.query_params["m"] == ID


@pytest.mark.parametrize("name", ["0" * 16, "../../etc/passwd", "", "x" * 500])
def test_a_link_to_nothing_says_so(name: str) -> None:
    app = page(m=name)
    assert "keeps no such measurement" in words(app)
    press(app, "Back to all measurements")
    assert "from about 9% to about 2%" in words(app)


def test_a_damaged_file_is_named_and_the_others_are_listed(folder: Path) -> None:
    keep(of_h200())
    (folder / "00000000000000aa.json").write_text("{")
    app = page()
    assert "00000000000000aa" in words(app)
    assert "Kept on this server" in tables(app)
    assert "keeps no such measurement" in words(page(m="00000000000000aa"))


def test_a_folder_that_cannot_be_read_is_told_and_the_page_works(folder: Path) -> None:
    folder.write_text("a file where a folder should be")
    app = page()
    assert "measurements: not a directory" in words(app)
    assert str(folder) not in words(app)
    assert "planner probe http://127.0.0.1:8000" in app.code[0].value


def test_what_is_kept_by_somebody_else_meanwhile_is_listed_at_the_next_look(app: AppTest) -> None:
    assert "None yet" in words(app)
    keep(of_h200())
    app.run()
    assert "Kept on this server" in tables(app)


@pytest.mark.parametrize("tab", ["Curve", USE, "Every run", "How it was made", "Beside another"])
def test_every_part_is_drawn_for_every_kind_of_measurement(tab: str) -> None:
    flag = Flag(code="ERRORS", severity="unusable", message="all of 12 requests failed")
    rising = {n: n * 200 / (1.6 + 0.05 * n) for n in (1, 8, 32)}
    for found in (of_h200(), of_h200(rates=rising), of_h200(spread=0.5), of_h200(flags=(flag,))):
        assert not show(found, tab).exception


def test_a_run_that_is_not_used_says_why_above_the_figures() -> None:
    flag = Flag(code="ERRORS", severity="unusable", message="all of 12 requests failed")
    app = show(of_h200(flags=(flag,)))
    assert "Not used for any figure:" in words(app)
    assert "all of 12 requests failed" in words(app)
    assert "Not usable." in words(app)


def test_what_files_say_is_shown_letter_for_letter() -> None:
    flag = Flag(code="ERRORS", severity="doubt", message=HOSTILE)
    found = of_h200(flags=(flag,))
    server = found.server.model_copy(update={"served_model": HOSTILE, "engine_version": HOSTILE})
    said = found.declared.model_copy(update={"note": HOSTILE, "server_flags": HOSTILE})
    hostile = found.model_copy(update={"server": server, "declared": said, "stopped": HOSTILE})
    for tab in ("Curve", USE, "Every run", "How it was made"):
        app = show(hostile, tab)
        drawn = [*app.markdown, *app.warning, *app.error, *app.info, *app.subheader, *app.metric]
        for value in (str(getattr(element, "value", "")) for element in drawn):
            assert not re.search(r"(?<!\\)<script|(?<!\\)\]\(https|(?<!\\):material", value)
        assert "<script" not in tables(app)
    press(app, "Back to all measurements")
    assert "<script" not in tables(app)


def test_a_measurement_is_forgotten_and_the_list_is_empty_again() -> None:
    app = show(of_h200())
    press(app, "Forget it")
    assert "is forgotten" in words(app)
    assert listed().measurements == ()
    assert "None yet" in words(app)


def test_two_measurements_are_held_against_each_other() -> None:
    """Half the rates at the same loads: every one of six changed beyond its repeats."""
    other = measured({n: r / 2 for n, r in rates().items()}, declared=H200, shape=LENGTHS)
    keep(other.model_copy(update={"measurement_id": "f" * 16}))
    app = show(of_h200(), "Beside another")
    assert "6 of 6 loads that both held changed by more than their repeats." in words(app)
    assert "50" in tables(app)


def rates() -> dict[int, float]:
    return {level.requests_in_flight: level.output_tokens_per_s for level in of_h200().summary.levels}  # type: ignore[misc]


def test_one_measurement_alone_has_nothing_to_be_compared_with() -> None:
    assert "There is no other measurement here" in words(show(of_h200(), "Beside another"))


# Into the plan


def test_a_measurement_goes_into_the_plan_which_cites_it_and_undo_takes_it_out_again() -> None:
    app = show(of_h200(), USE)
    before = draft_of(app).scenario
    assert "The plan will cite probe 3f2a9c1d5b7e8046, vLLM 0.32.0, 1 x NVIDIA H200, 2026-11-22" in words(app)
    assert "Decision before and after: gpt-oss-120b on own H200s" in tables(app)
    press(app, "Use it in the scenario")
    option = next(o for o in draft_of(app).scenario.options if o.option_id == "own-h200")
    assert isinstance(option, SelfHosted)
    assert option.calibration is not None
    assert option.calibration.measured_by is not None
    assert option.calibration.measured_by.measurement_id == ID
    assert "The scenario rests on this measurement, and cites it." in words(app)
    assert labelled(app.button, "Use it in the scenario").disabled
    press(app, "Undo")
    assert draft_of(app).scenario == before
    assert "The scenario rests on this measurement" not in words(app)


def test_a_measurement_of_another_gpu_says_why_it_cannot_be_used() -> None:
    app = show(measured(shape=LENGTHS), USE)
    assert "It cannot be used" in errors(app)
    assert "h100-sxm" in plain(errors(app))
    assert "Use it in the scenario" not in buttons(app)
    assert not draft_of(app).dirty


def test_a_server_without_a_gpu_is_taken_only_when_somebody_says_so() -> None:
    app = show(measured(declared=Declared(gpu_id="cpu"), shape=LENGTHS), USE)
    assert "It cannot be used" in errors(app)
    assert "Use it in the scenario" not in buttons(app)
    agree(app)
    assert "Use it in the scenario" in buttons(app)
    assert "WITHOUT a GPU" in words(app)


def test_nothing_usable_cannot_be_used() -> None:
    flag = Flag(code="ERRORS", severity="unusable", message="all of 12 requests failed")
    app = show(of_h200(flags=(flag,)), USE)
    assert "None of 18 runs can be used" in errors(app)
    assert "Use it in the scenario" not in buttons(app)


def test_the_option_editor_cites_the_measurement_until_its_points_are_changed_by_hand() -> None:
    app = show(of_h200(), USE)
    press(app, "Use it in the scenario")
    go(app, "decide")
    open_option(app, "own-h200")
    open_everything(app)
    assert f"Cites probe {ID}" in words(app)
    box = next(area for area in app.text_area if area.label == "Loads and what came out")
    act(app, box.set_value(f"{box.value}\n1024, 4100"))
    option = next(o for o in draft_of(app).scenario.options if o.option_id == "own-h200")
    assert isinstance(option, SelfHosted)
    assert option.calibration is not None
    assert option.calibration.measured_by is None
    assert option.calibration.provenance.source.startswith("changed by the scenario's owner; before: probe")
    assert "Cites probe" not in words(app)


# Results of other tools


def drop(app: AppTest, *files: Path) -> AppTest:
    given = [(path.name, path.read_bytes(), "application/json") for path in files]
    act(app, app.file_uploader[0].set_value(given))
    press(app, "Import")
    return app


def test_a_result_of_vllm_bench_is_imported_with_what_it_does_not_say(app: AppTest) -> None:
    drop(app, SAMPLES / "vllm-rust-c8.json")
    (found,) = listed().measurements
    assert found.origin == "vllm_bench"
    assert found.declared.gpu_id == "h200"
    assert app.query_params["m"] == found.measurement_id
    assert "1 measurement imported" in words(app)
    assert "Imported from vllm bench serve" in words(app)


def test_our_own_document_is_taken_as_it_is(app: AppTest, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(measurement_json(of_h200()))
    drop(app, path)
    assert kept(ID) == of_h200()


def test_a_file_that_cannot_be_read_stops_the_whole_import(app: AppTest, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"a": 1}')
    drop(app, SAMPLES / "vllm-rust-c8.json", path)
    assert "The import was not made" in errors(app)
    assert "other.json" in plain(errors(app))
    assert listed().measurements == ()


def test_the_files_of_one_sweep_are_one_measurement() -> None:
    files = [(name, (SAMPLES / name).read_bytes()) for name in ("vllm-rust-cold.json", "vllm-rust-warm.json")]
    found, problems = read_all(files, H200)
    assert problems == []
    assert [len(m.runs) for m in found] == [2]
