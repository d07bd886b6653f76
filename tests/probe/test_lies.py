"""Usage, counters and events that cannot be: nothing of them is believed, nothing crashes, nothing hangs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planner.capacity.measurement.document import measurement_json, read_measurement
from tests.probe.fault_server import FaultServer
from tests.probe.probing import BEFORE, CHECKS, INPUT, OUTPUT, errors, flags, probed, run_of

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": INPUT, "completion_tokens": 10**18},
        {"prompt_tokens": 10**18, "completion_tokens": OUTPUT},
        {"prompt_tokens": INPUT, "completion_tokens": 1000 * OUTPUT},
        {"prompt_tokens": -INPUT, "completion_tokens": -OUTPUT},
        {"prompt_tokens": str(INPUT), "completion_tokens": "many"},
        {"prompt_tokens": True, "completion_tokens": False},
        {"prompt_tokens": 1e400, "completion_tokens": 1e400},
        {"prompt_tokens": [INPUT], "completion_tokens": {"n": OUTPUT}},
        {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "prompt_tokens_details": {"cached_tokens": 10**18}},
        {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "prompt_tokens_details": {"cached_tokens": -4}},
        {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "prompt_tokens_details": 7},
        ["prompt_tokens"],
        "32 tokens",
        7,
    ],
)
def test_a_usage_that_cannot_be_is_not_believed(server: FaultServer, usage: Any) -> None:
    measured = probed(server, usage_instead=usage, after=BEFORE, every=2)
    run = run_of(measured)
    told_wrong = run.output_tokens != 12 * OUTPUT or run.input_tokens != 12 * INPUT
    assert set(errors(run)) <= {"unreadable"}
    assert not (run.usable and told_wrong)
    assert run.cached_input_tokens == 0
    assert read_measurement(measurement_json(measured), "kept") == measured


@pytest.mark.parametrize(
    "metrics",
    [
        "vllm:generation_tokens_total NaN\nvllm:prompt_tokens_total NaN\n",
        "vllm:generation_tokens_total +Inf\nvllm:prompt_tokens_total -Inf\n",
        "vllm:generation_tokens_total 1e300\nvllm:num_requests_running 1e300\n",
        "vllm:generation_tokens_total -5\nvllm:num_requests_running -5\nvllm:kv_cache_usage_perc -0.5\n",
        "vllm:generation_tokens_total 5\nvllm:kv_cache_usage_perc 99\nvllm:num_requests_waiting NaN\n",
        'vllm:generation_tokens_total{a="' + "x" * 50_000 + '"} 5\n' * 3,
        "vllm:generation_tokens_total\n\x00\nvllm:prompt_tokens_total x\n",
        "\udcff\udcfe\n",
    ],
)
def test_counters_that_cannot_be_are_not_believed(server: FaultServer, metrics: str) -> None:
    measured = probed(server, get_body={"/metrics": metrics})
    run = run_of(measured)
    assert (run.completed, run.output_tokens) == (12, 12 * OUTPUT)
    assert run.reconciled is not True
    assert read_measurement(measurement_json(measured), "kept") == measured


@pytest.mark.parametrize(
    "event",
    [
        'data: {"choices": [{"index": 0, "text": "' + "x" * 50_000 + '", "finish_reason": null}]}\n\n',
        'data:{"choices":[{"index":0,"text":"x","finish_reason":null}]}\r\n\r\n',
        'event: message\nid: 7\nretry: 10\ndata: {"choices": [{"index": 0, "text": "x", "finish_reason": null}]}\n\n',
        ': ping\n\ndata: {"choices": [{"index": 0, "text": "x", "finish_reason": null}], "usage": null}\n\n',
        'data: {"choices": [{"index": 0, "text": "\\ud800", "finish_reason": null}], "extra": [[[[]]]]}\n\n',
    ],
)
def test_unusual_events_that_are_allowed_are_read(server: FaultServer, event: str) -> None:
    last = f"data: {json.dumps({'choices': [], 'usage': {'prompt_tokens': INPUT, 'completion_tokens': OUTPUT}})}\n\n"
    run = run_of(probed(server, raw_events=[event] * OUTPUT + [last, "data: [DONE]\n\n"], after=CHECKS))
    assert (run.completed, run.output_tokens, run.chunks) == (12, 12 * OUTPUT, 12 * OUTPUT)


@pytest.mark.parametrize(
    "event",
    [
        "data: " + "[" * 100_000 + "\n\n",
        'data: {"choices": {"0": 1}}\n\ndata: {"choices": [[]]}\n\n',
        "data: null\n\n",
        "data: 7\n\n",
        'data: {"error": ""}\n\ndata: {"error": {"code": "' + "9" * 5000 + '"}}\n\n',
        'data: {"error": {"message": ["a"], "code": true}}\n\n',
        'data: {"choices": [{"text": "x"' + "\n\n",
        "data: \udcff\udcfe\n\n",
        "data: " + "9" * 5000 + "\n\n",
    ],
)
def test_events_that_are_none_fail_their_request_and_nothing_else(server: FaultServer, event: str) -> None:
    run = run_of(probed(server, raw_events=[event, "data: [DONE]\n\n"], after=BEFORE, every=3))
    assert (run.completed, sum(errors(run).values())) == (8, 4)
    assert set(errors(run)) <= {"unreadable", "stream_error", "empty_answer", "other"}, errors(run)


def test_an_event_of_nine_million_bytes_is_unreadable(server: FaultServer) -> None:
    run = run_of(probed(server, huge_line_bytes=9_000_000, after=BEFORE, every=6))
    assert (run.completed, errors(run)) == (10, {"unreadable": 2})


@pytest.mark.parametrize("way", ["gzip", "http10", "whole_body"])
def test_the_same_answer_on_another_wire_counts_the_same(server: FaultServer, way: str) -> None:
    run = run_of(probed(server, **{way: True}))
    assert (run.completed, run.output_tokens, run.reconciled) == (12, 12 * OUTPUT, True)
    assert ("BURST_DELIVERY" in flags(run)) is (way == "whole_body")


def test_what_a_server_says_of_an_error_is_kept_short_plain_and_without_keys(server: FaultServer) -> None:
    said = "\x1b[31mred\x1b[0m\n<script>alert(1)</script> sk-s3cret-0123456789 " + "long " * 500
    run = run_of(probed(server, status=500, message=said, after=BEFORE, every=3))
    example = run.errors[0].example
    assert example.isprintable()
    assert len(example) <= 200
    assert "s3cret" not in example
