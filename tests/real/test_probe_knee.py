"""Our probe on a real vLLM whose knee is known: `--max-num-seqs` requests are in service, and the others wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from planner.capacity.measurement.points import calibration_points
from planner.capacity.memory import cache_tokens
from planner.catalog.hf_import import Stated, import_model
from planner.domain.measurement import Declared, Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.progress import Progress
from planner.probe.run import probe
from planner.probe.target import Target
from planner.probe.watch import watch
from planner.units import GIB_BYTES
from tests.real.vllm_server import Engine, Vllm, vllm

KV_BYTES = 200 * 2**20
INPUT, OUTPUT = 64, 24
LEVELS = {8: (2, 4, 8, 16, 32), 32: (8, 16, 32, 64, 96)}
REPEATS = 3
CPU = Declared(gpu_id="cpu", note="A random model of 111 million parameters on the processor of the tests.")


class Probed(NamedTuple):
    """A server and what our probe found of it."""

    server: Vllm
    most_running: int
    measurement: Measurement


def nothing(_: object) -> None: ...


def never() -> bool:
    return False


def target(server: Vllm) -> Target:
    return Target(url=server.url, model=server.model, declared=CPU, policy="own")


def task(levels: tuple[int, ...], **other: object) -> ProbeTask:
    shape = {"input_tokens": INPUT, "output_tokens": OUTPUT, "levels": levels, "most_in_flight": levels[-1]}
    return ProbeTask.model_validate(
        shape | {"repeats": REPEATS, "requests_per_slot": 2, "least_requests": 10, "stall_s": 120} | other
    )


@pytest.fixture(scope="module", params=LEVELS)
def probed(request: pytest.FixtureRequest, engine: Engine, llama_111m: Path) -> Iterator[Probed]:
    """Probed once at all its levels."""
    most_running = request.param
    flags = {"max-model-len": 1024, "max-num-seqs": most_running, "kv-cache-memory-bytes": KV_BYTES}
    with vllm(engine, llama_111m, flags) as server:
        yield Probed(server, most_running, probe(target(server), task(LEVELS[most_running]), nothing, never))


def test_the_knee_is_where_the_server_begins_to_queue(probed: Probed) -> None:
    """Certainly between the two loads; and near it, unless the machine was too busy for that, which is then said."""
    summary = probed.measurement.summary
    assert summary.knee is not None, summary
    assert summary.knee.low <= probed.most_running <= summary.knee.high, summary
    near = probed.most_running / 2 <= summary.knee.requests_in_flight <= probed.most_running * 2
    assert near or summary.status == "noisy", summary


def test_throughput_stops_at_the_knee_and_waiting_begins(probed: Probed) -> None:
    """The fastest repeat of each load is the one that a busy machine held up least."""
    levels = {level.requests_in_flight: level for level in probed.measurement.summary.levels}
    at, beyond = levels[probed.most_running], levels[2 * probed.most_running]
    assert beyond.most_output_tokens_per_s < 1.35 * at.most_output_tokens_per_s
    assert at.ttft_ms is not None
    assert beyond.ttft_ms is not None
    assert beyond.ttft_ms > 1.25 * at.ttft_ms


def test_client_and_server_count_the_same_tokens_in_every_run(probed: Probed) -> None:
    runs = probed.measurement.runs
    assert len(runs) == REPEATS * len(LEVELS[probed.most_running])
    for run in runs:
        assert run.completed == run.sent
        assert run.output_tokens == run.completed * OUTPUT
        assert run.input_tokens == run.completed * INPUT
        assert run.server is not None
        assert run.server.generation_tokens == run.output_tokens
        assert run.server.prompt_tokens == run.input_tokens
        assert run.server.requests_finished == run.completed
        assert run.reconciled is True
        assert run.token_source == "usage"


def test_fresh_prompts_meet_no_cache_and_every_run_is_usable(probed: Probed) -> None:
    for run in probed.measurement.runs:
        assert run.server is not None
        assert run.server.cache_hit_tokens == 0
        assert run.usable, run.flags


def test_what_runs_and_what_waits_in_the_server_is_seen(probed: Probed) -> None:
    """Read now and then, so that a short peak may be missed: never more than there is, and all at the last load."""
    for run in probed.measurement.runs:
        assert run.server is not None
        assert (run.server.running_max or 0) <= min(run.requests_in_flight, probed.most_running)
        assert (run.server.waiting_max or 0) <= run.requests_in_flight
    last = [run.server for run in probed.measurement.runs if run.requests_in_flight == LEVELS[probed.most_running][-1]]
    assert max(server.running_max or 0 for server in last if server) == probed.most_running
    assert max(server.waiting_max or 0 for server in last if server) >= probed.most_running


def test_the_server_holds_as_many_tokens_as_our_formula_says(probed: Probed) -> None:
    """2 x 10 layers x 4 KV heads x 64 x 2 bytes = 10,240 bytes a token; 200 MiB hold 20,480 of them."""
    config = (probed.server.folder / "config.json").read_bytes()
    model = import_model(config, Stated(total_params=111e6, name=probed.server.model))
    assert model.kv_bytes_per_token_16bit == 10_240
    assert int(cache_tokens(KV_BYTES / GIB_BYTES, model.kv_bytes_per_token_16bit)) == 20_480
    assert probed.measurement.server.kv_cache_tokens == 20_480


def test_the_server_says_what_it_is_and_the_owner_what_it_runs_on(probed: Probed) -> None:
    server = probed.measurement.server
    assert (server.engine, server.served_model, server.max_model_len) == ("vllm", probed.server.model, 1024)
    assert server.engine_version
    assert server.prefix_caching is True
    assert server.metrics == "full"
    assert "CPU_SERVER" in {flag.code for flag in probed.measurement.flags}
    assert probed.server.url not in probed.measurement.model_dump_json()


def test_the_points_of_the_plan_are_the_loads_up_to_the_knee(probed: Probed) -> None:
    points = calibration_points(probed.measurement)
    loads = [point.requests_in_flight for point in points.points]
    levels = LEVELS[probed.most_running]
    assert loads == list(levels[: len(loads)])
    assert probed.most_running in loads
    assert (points.input_tokens, points.output_tokens) == (INPUT, OUTPUT)


def test_watching_the_server_under_our_load_gives_the_rate_that_the_probe_gives(probed: Probed) -> None:
    """From the first answers after the warm-up until three quarters of them; a busy machine is not even over that."""
    level = probed.most_running
    long, done, found = task((level,), repeats=1, requests_per_slot=14), [0], list[Measurement]()
    begun = threading.Event()

    def said(progress: Progress) -> None:
        done[0] = progress.requests_done
        if progress.requests_done and progress.requests_planned == long.requests_of(level):
            begun.set()

    def over() -> bool:
        return done[0] > 0.75 * long.requests_of(level) or not loading.is_alive()

    loading = threading.Thread(target=lambda: found.append(probe(target(probed.server), long, said, never)))
    loading.start()
    try:
        assert begun.wait(240)
        seen = watch(target(probed.server), 600, 0.25, cancelled=over)
    finally:
        loading.join()
    ((run,), watched) = found[0].runs, [live for live in seen.runs if live.usable]
    rate = sum(live.output_tokens for live in watched) / sum(live.duration_s for live in watched)
    assert rate == pytest.approx(run.rate_output_tokens_per_s, rel=0.2), (run, watched)
    load = sum(live.requests_in_flight * live.duration_s for live in watched) / sum(live.duration_s for live in watched)
    assert load == pytest.approx(level, rel=0.25)  # answers end in waves here, of which one may be counted too many
