"""Budgets are kept, and whoever stops a probe keeps what it measured; nothing runs on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from planner.domain.measurement import Measurement
from planner.domain.probe_task import Budget
from planner.probe.errors import ProbeError
from planner.probe.run import probe
from tests.probe.certificates import Authority
from tests.probe.fault_server import FaultServer, fault_server
from tests.probe.probing import AFTER_ONE, INPUT, OUTPUT, THREE, once, partial, target, task

pytestmark = pytest.mark.usefixtures("quick", "nothing_left_running")


@pytest.mark.parametrize("in_flight", [1, 4])
def test_cancelling_keeps_the_runs_that_ended_and_marks_them(server: FaultServer, in_flight: int) -> None:
    server.faults.token_s = 0.004
    asked = task(levels=(in_flight, 8), most_in_flight=8, repeats=3)
    kept: list[Measurement] = []
    measured = partial(probe(target(server), asked, cancelled=lambda: len(kept) >= 2, keep=kept.append, seed=1))
    assert (measured.stopped, len(measured.runs)) == ("cancelled", 2)
    assert all(run.usable for run in measured.runs)
    assert measured.summary.levels


@pytest.mark.parametrize("encrypted", [False, True])
def test_cancelling_in_the_middle_of_long_answers_is_quick(
    encrypted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    with fault_server(tls=authority.certify("IP:127.0.0.1") if encrypted else None) as server:
        _cancelled_while_it_waits(server)


def _cancelled_while_it_waits(server: FaultServer) -> None:
    asked_at: list[float] = []

    def slower(_: Measurement) -> None:
        server.faults.ttft_s = 60

    def cancelled() -> bool:
        if server.generations == AFTER_ONE + 2 and not asked_at:
            asked_at.append(time.monotonic())
        return bool(asked_at)

    asked = task(levels=(1, 2), stall_s=100, request_s=100)
    measured = partial(probe(target(server), asked, cancelled=cancelled, keep=slower, seed=1))
    assert time.monotonic() - asked_at[0] < 3
    assert (len(measured.runs), measured.runs[0].usable) == (1, True)


def test_cancelling_before_anything_was_measured_says_so(server: FaultServer) -> None:
    with pytest.raises(ProbeError, match="cancelled"):
        probe(target(server), THREE, cancelled=lambda: True)


def test_ctrl_c_is_a_cancelled_probe_with_what_was_measured(server: FaultServer) -> None:
    server.faults.token_s = 0.005

    def interrupted() -> None:
        raise KeyboardInterrupt

    said = once(lambda: server.generations > AFTER_ONE + 2, interrupted)
    measured = partial(probe(target(server), THREE, said, seed=1))
    assert (measured.stopped, measured.runs[0].usable) == ("cancelled", True)


@pytest.mark.parametrize("most", [20, 27, 30])
def test_never_more_requests_are_sent_than_were_allowed(server: FaultServer, most: int) -> None:
    measured = partial(probe(target(server), THREE.model_copy(update={"budget": Budget(requests=most)}), seed=1))
    assert server.generations <= most
    assert "requests" in measured.stopped
    assert measured.runs[0].usable


def test_never_more_tokens_are_used_than_were_allowed(server: FaultServer) -> None:
    most = 30 * (INPUT + OUTPUT)
    measured = partial(probe(target(server), THREE.model_copy(update={"budget": Budget(tokens=most)}), seed=1))
    assert server.engine.totals["prompt_tokens"] + server.engine.totals["generation_tokens"] <= most
    assert "tokens" in measured.stopped


def test_it_ends_when_the_seconds_are_used_up(server: FaultServer) -> None:
    server.faults.token_s = 0.01
    asked = task(levels=(1, 2, 4, 8), repeats=20, budget=Budget(seconds=2))
    began = time.monotonic()
    measured = partial(probe(target(server), asked, seed=1))
    assert time.monotonic() - began < 4
    assert "2 seconds" in measured.stopped


def test_it_ends_when_the_dollars_are_used_up(server: FaultServer) -> None:
    # a request of 32 + 8 tokens costs 32 + 2 x 8 = 48 USD at these prices; 30 of them 1,440 USD
    prices = {"input_usd_per_mtok": 1e6, "output_usd_per_mtok": 1e6, "budget": Budget(usd=1200)}
    measured = partial(probe(target(server), THREE.model_copy(update=prices), seed=1))
    spent = server.engine.totals["prompt_tokens"] + server.engine.totals["generation_tokens"]
    assert spent <= 1200
    assert "USD" in measured.stopped


def test_a_limit_in_dollars_needs_a_price(server: FaultServer) -> None:
    with pytest.raises(ProbeError, match="price"):
        probe(target(server), THREE.model_copy(update={"budget": Budget(usd=1)}))
    assert server.generations == 0
