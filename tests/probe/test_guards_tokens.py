"""Guards of prompts and answers, provoked on a real socket: what is counted is what was served."""

from __future__ import annotations

import pytest

from planner.probe.run import probe
from tests.probe.fault_server import FaultServer
from tests.probe.probing import (
    BEFORE,
    CHECKS,
    INPUT,
    OUTPUT,
    errors,
    flags,
    message,
    probed,
    run_of,
    sound,
    target,
    task,
)

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize("chat", [False, True])
def test_no_prompt_is_ever_sent_twice_so_that_no_cache_helps(server: FaultServer, chat: bool) -> None:
    server.faults.completions = not chat
    measured = probe(target(server), task(input_tokens=96, levels=(1, 2), repeats=2, ignore_eos=not chat), seed=1)
    again = probe(target(server), task(input_tokens=96, levels=(1, 2), repeats=2, ignore_eos=not chat), seed=1)
    prompts = [str(prompt) for prompt in server.prompts]
    assert len(prompts) - len(set(prompts)) == 0
    hits = [run.server.cache_hit_tokens for m in (measured, again) for run in m.runs if run.server]
    assert max(h or 0 for h in hits) <= 12 * 17  # the blocks of the chat template, the same for all
    assert chat or sum(h or 0 for h in hits) == 0


@pytest.mark.parametrize(("fraction", "severity"), [(0.5, "unusable"), (0.04, "doubt"), (0.0, None)])
def test_prefix_cache_hits_are_flagged_by_how_much_they_help(
    server: FaultServer, fraction: float, severity: str | None
) -> None:
    run = run_of(probed(server, cache_hit_fraction=fraction))
    assert flags(run).get("PREFIX_CACHE") == severity
    assert run.usable is (severity != "unusable")
    assert run.cached_input_tokens == 12 * int(fraction * INPUT)


def test_cache_hits_that_only_the_answers_tell_are_flagged_as_well(server: FaultServer) -> None:
    run = run_of(probed(server, cache_hit_fraction=0.5, metrics="none"))
    assert flags(run)["PREFIX_CACHE"] == "unusable"


def test_cache_hits_that_only_the_counters_tell_are_flagged_as_well(server: FaultServer) -> None:
    run = run_of(probed(server, cache_hit_fraction=0.5, usage_details=False))
    assert (flags(run)["PREFIX_CACHE"], run.cached_input_tokens) == ("unusable", None)
    assert "50.0%" in message(run, "PREFIX_CACHE")


def test_the_length_that_was_delivered_counts_and_not_the_one_that_was_asked(server: FaultServer) -> None:
    told = {"prompt_tokens": 5 * INPUT, "completion_tokens": OUTPUT}
    run = run_of(probed(server, usage_instead=told, after=CHECKS))
    assert run.input_tokens == 12 * 5 * INPUT
    assert flags(run)["PROMPT_LENGTH"] == "doubt"
    assert "160.0 tokens where 32 were asked" in message(run, "PROMPT_LENGTH")


def test_answers_that_end_early_are_counted_as_delivered_and_flagged(server: FaultServer) -> None:
    run = run_of(probed(server, unknown_fields="ignored", natural_tokens=5))
    assert flags(run)["SHORT_OUTPUT"] == "doubt"
    assert run.short is not None
    assert run.short > 0
    assert run.finished is not None
    assert run.finished.stop == run.short
    assert run.server is not None
    assert (run.output_tokens, run.reconciled) == (run.server.generation_tokens, True)
    assert run.output_tokens < 12 * OUTPUT


def test_answers_of_full_length_are_asked_for_where_the_server_can(server: FaultServer) -> None:
    run = run_of(probed(server, natural_tokens=5))
    assert (run.output_tokens, run.short, sound(run)) == (12 * OUTPUT, 0, True)


def test_where_full_length_is_refused_natural_answers_are_no_fault(server: FaultServer) -> None:
    measured = probed(server, unknown_fields="refused", natural_tokens=5)
    run = run_of(measured)
    assert (measured.shape.ignore_eos, "SHORT_OUTPUT" in flags(run), run.usable) == (False, False, True)


@pytest.mark.parametrize("chat", [False, True])
def test_a_piece_is_not_a_token(server: FaultServer, chat: bool) -> None:
    run = run_of(probed(server, tokens_per_chunk=4, token_s=0.005, completions=not chat))
    assert (run.output_tokens, run.chunks, run.reconciled) == (12 * OUTPUT, 12 * 2, True)
    assert run.tpot_ms is not None
    # the second piece comes 4 tokens after the first, which held 4: 20 ms for the 7 tokens after the first
    assert run.tpot_ms.p50 is not None
    assert 17 / 7 <= run.tpot_ms.p50 < 40 / 7


@pytest.mark.parametrize("per_piece", [1, 2, 3])
def test_without_usage_the_server_counts_the_tokens_that_it_generated_for_nobody_else(
    server: FaultServer, per_piece: int
) -> None:
    run = run_of(probed(server, usage=False, tokens_per_chunk=per_piece))
    assert (run.token_source, run.output_tokens) == ("server", 12 * OUTPUT)
    assert (flags(run)["NO_USAGE"], run.usable) == ("note", True)


def test_without_usage_the_tokens_of_somebody_else_are_not_taken_for_ours(server: FaultServer) -> None:
    run = run_of(probed(server, usage=False, other_tokens_per_request=50))
    assert (run.output_tokens, run.usable, flags(run)["OTHER_TRAFFIC"]) == (12 * OUTPUT, False, "unusable")


def test_without_usage_and_counters_the_rate_is_in_doubt(server: FaultServer) -> None:
    run = run_of(probed(server, usage=False, metrics="none"))
    assert (flags(run)["NO_USAGE"], flags(run)["NO_METRICS"], run.reconciled) == ("doubt", "note", None)


def test_tokens_that_arrive_all_at_once_give_a_rate_but_no_latencies(server: FaultServer) -> None:
    run = run_of(probed(server, burst=True))
    assert flags(run)["BURST_DELIVERY"] == "doubt"
    assert (run.output_tokens, run.reconciled, run.usable) == (12 * OUTPUT, True, True)


@pytest.mark.parametrize("named", ["reasoning_content", "reasoning"])
def test_reasoning_counts_as_output_and_its_first_piece_as_the_first_token(server: FaultServer, named: str) -> None:
    run = run_of(probed(server, completions=False, reasoning_fraction=0.75, reasoning_field=named, token_s=0.02))
    assert flags(run)["REASONING"] == "note"
    assert (run.output_tokens, run.chunks, run.reconciled) == (12 * OUTPUT, 12 * OUTPUT, True)
    assert run.ttft_ms is not None
    assert run.ttft_ms.p50 is not None
    assert run.ttft_ms.p50 < 60  # the first text comes after six pieces of reasoning, 124 ms


def test_answers_that_the_context_clips_are_unusable(server: FaultServer) -> None:
    server.faults.get_body = {"/v1/models": '{"data": [{"id": "tiny"}]}'}
    run = run_of(probed(server, max_model_len=INPUT + OUTPUT // 2))
    assert flags(run)["CONTEXT_LIMIT"] == "unusable"
    assert run.output_tokens == 12 * OUTPUT // 2
    assert not run.usable


def test_a_400_of_a_server_whose_context_is_too_short_is_counted(server: FaultServer) -> None:
    run = run_of(probed(server, status=400, message="maximum context length is 36 tokens", after=BEFORE, every=3))
    assert (errors(run), flags(run)["ERRORS"]) == ({"bad_request": 4}, "unusable")
