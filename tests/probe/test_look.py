"""Before the first load: what the server says of itself, and every reason not to begin, in one line each."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from planner.domain.measured_run import ErrorKind
from planner.domain.probe_task import ProbeTask
from planner.probe.errors import ProbeError
from planner.probe.target import Looked, Target, look
from tests.probe.certificates import Authority
from tests.probe.fault_server import Faults, FaultServer, fault_server

TASK = ProbeTask(input_tokens=32, output_tokens=8, levels=(1,), stall_s=0.4, request_s=1.5)


def target(server: FaultServer, **fields: Any) -> Target:
    return Target(server.url, **{"model": "tiny", "policy": "loopback", **fields})


def looked(server: FaultServer, **fields: Any) -> Looked:
    return look(target(server, **fields), TASK)


def refused(server: FaultServer, **fields: Any) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        looked(server, **fields)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert caught.value.remedy
    return caught.value


def test_a_vllm_server_says_what_it_is(server: FaultServer) -> None:
    found = looked(server)
    said = found.server
    assert (said.engine, said.engine_version, said.served_model) == ("vllm", "0.32.0", "tiny")
    assert (said.max_model_len, said.kv_cache_tokens, said.prefix_caching) == (4096, 8 * 4096, True)
    assert (said.metrics, found.manner.prompts, found.usage_in_stream) == ("full", "token_ids", True)
    assert (found.same_host, found.input_tokens, found.served) == (True, 32, ("tiny",))


def test_neither_address_nor_key_nor_a_path_of_the_server_is_in_what_is_kept(server: FaultServer) -> None:
    server.faults.api_key = "sk-s3cret"
    found = looked(server, api_key="sk-s3cret")
    told = found.server.model_dump_json()
    assert not any(secret in told for secret in ("s3cret", "127.0.0.1", str(server.server_port), "/models"))
    assert "s3cret" not in repr(target(server, api_key="sk-s3cret"))


def test_the_only_model_that_is_served_need_not_be_named(server: FaultServer) -> None:
    assert looked(server, model="").server.served_model == "tiny"


@pytest.mark.parametrize(
    ("set_up", "kind", "said"),
    [
        ({"api_key": "other"}, "unauthorised", "API key"),
        ({"get_status": {"/v1/models": 401}}, "unauthorised", "401"),
        ({"get_status": {"/v1/models": 403}}, "unauthorised", "403"),
        ({"get_status": {"/v1/models": 500}}, "server_error", "500"),
        ({"get_status": {"/v1/models": 503}}, "overloaded", "503"),
        ({"status": 401}, "unauthorised", "401"),
        ({"status": 403}, "unauthorised", "403"),
        ({"status": 404}, "not_found", "404"),
        ({"status": 429}, "rate_limited", "429"),
        ({"status": 429, "retry_after": "0"}, "rate_limited", "429"),
        ({"status": 429, "retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "rate_limited", "429"),
        ({"status": 503}, "overloaded", "503"),
        ({"status": 500}, "server_error", "500"),
        ({"error_event": 503}, "overloaded", "as the test wants"),
        ({"model": "other"}, "not_found", "other"),
        ({"redirect": "http://169.254.169.254/latest/meta-data"}, "other", "redirect"),
        ({"get_body": {"/v1/models": "<html>sign in</html>"}}, "unreadable", "not JSON"),
        ({"get_body": {"/v1/models": "[]"}}, "unreadable", "JSON"),
        ({"get_body": {"/v1/models": "[" * 100_000}}, "unreadable", "not JSON"),
        ({"get_body": {"/v1/models": '{"data": "tiny"}'}}, "not_found", "none"),
        ({"get_body": {"/v1/models": '{"data": [{"id": 7}, 8, null]}'}}, "not_found", "none"),
        ({"completions": False, "chat": False}, "not_found", "404"),
        ({"max_model_len": 39}, "bad_request", "39 tokens"),
        ({"empty": True}, "empty_answer", "no tokens"),
        ({"cut": True}, "cut_stream", "closed"),
        ({"no_done": True}, "cut_stream", "without [DONE]"),
        ({"garbage": True}, "unreadable", "not JSON"),
        ({"endless": True}, "endless_answer", "pieces where"),
        ({"stall_s": 30}, "timeout", "0.4 s"),
        ({"ttft_s": 30}, "timeout", "0.4 s"),
        ({"token_s": 0.3}, "endless_answer", "1.5 s"),
        ({"raw_events": ["data: []\n\n"]}, "unreadable", "not a JSON object"),
        ({"raw_events": ["data: \udcff\udcfe\n\n"]}, "unreadable", "not JSON"),
        ({"raw_events": ['data: {"choices": [7]}\n\n']}, "unreadable", "choice"),
        ({"raw_events": ["hello\n\n"]}, "cut_stream", "0 pieces"),
    ],
)
def test_what_stops_a_probe_before_it_begins_is_said_in_one_line(
    server: FaultServer, set_up: dict[str, Any], kind: ErrorKind, said: str
) -> None:
    for name, value in set_up.items():
        setattr(server.faults, name, value)
    problem = refused(server)
    assert (problem.kind, said in str(problem)) == (kind, True), str(problem)


def test_a_model_that_is_not_served_names_those_that_are(server: FaultServer) -> None:
    models = {"data": [{"id": f"model-{n}"} for n in range(200)]}
    server.faults.get_body = {"/v1/models": json.dumps(models)}
    problem = refused(server, model="mine")
    assert "does not serve the model 'mine'" in problem.message
    assert "model-0, model-1" in problem.remedy


def test_a_server_of_several_models_wants_one_named(server: FaultServer) -> None:
    server.faults.get_body = {"/v1/models": '{"data": [{"id": "a"}, {"id": "b"}]}'}
    assert "serves more than one model" in refused(server, model="").message


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ProbeError, match="Check the address and that the server runs") as caught:
        look(Target(f"http://127.0.0.1:{port}", "tiny", policy="loopback"), TASK)
    assert caught.value.kind == "unreachable"


def test_a_certificate_of_an_unknown_authority_is_a_reason_to_stop(tmp_path: Path) -> None:
    with fault_server(Faults(), tls=Authority(tmp_path).certify("IP:127.0.0.1")) as server:
        problem = refused(server)
    assert (problem.kind, "REQUESTS_CA_BUNDLE" in problem.remedy) == ("tls", True)


def test_a_known_authority_is_taken_all_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    with fault_server(Faults(), tls=authority.certify("IP:127.0.0.1")) as server:
        assert looked(server).server.engine == "vllm"


def test_https_where_http_is_spoken_is_a_tls_failure(server: FaultServer) -> None:
    with pytest.raises(ProbeError) as caught:
        look(Target(server.url.replace("http:", "https:"), "tiny", policy="loopback"), TASK)
    assert caught.value.kind == "tls"


def test_a_key_with_a_line_end_is_refused_before_anything_is_sent(server: FaultServer) -> None:
    problem = refused(server, api_key="sk-s3cret\r\nX: y")
    assert (problem.kind, "s3cret" in str(problem), server.asked) == ("unauthorised", False, [])


def test_a_key_that_the_server_repeats_is_not_repeated(server: FaultServer) -> None:
    server.faults.status, server.faults.message = 401, "Incorrect API key provided: sk-s3cret-0123456789"
    assert "s3cret" not in str(refused(server, api_key="sk-s3cret-0123456789"))


def test_a_prompt_that_the_server_repeats_is_not_repeated(server: FaultServer) -> None:
    server.faults.status = 400
    server.faults.message = "1 validation error: {'type': 'x', 'loc': ('body',), 'input': {'prompt': [4711, 4712]}}"
    assert "4711" not in str(refused(server))


# A server that wants to be asked otherwise is asked otherwise


@pytest.mark.parametrize(
    ("set_up", "expected"),
    [
        ({"token_ids": False}, {"prompts": "text", "path": "/v1/completions"}),
        ({"completions": False}, {"prompts": "chat", "path": "/v1/chat/completions"}),
        ({"unknown_fields": "refused"}, {"ignore_eos": False, "prompts": "token_ids"}),
        (
            {"unknown_fields": "refused", "refused_fields": ("stream_options",)},
            {"usage_in_stream": False, "prompts": "token_ids"},
        ),
        ({"unknown_fields": "refused", "refused_fields": ("temperature",)}, {"temperature": None}),
    ],
)
def test_the_manner_of_asking_is_found(server: FaultServer, set_up: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in set_up.items():
        setattr(server.faults, name, value)
    found = looked(server)
    assert {name: getattr(found.manner, name) for name in expected} == expected


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("per_word", [1.0, 1.6, 4.0])
def test_prompts_in_words_come_out_at_the_length_that_was_asked(
    server: FaultServer, chat: bool, per_word: float
) -> None:
    server.faults.token_ids, server.faults.completions, server.faults.tokens_per_word = False, not chat, per_word
    task = TASK.model_copy(update={"input_tokens": 256})
    assert look(target(server), task).input_tokens == pytest.approx(256, abs=6)


def test_another_engine_without_usage_is_counted_by_one_answer_that_is_not_streamed(server: FaultServer) -> None:
    server.faults.engine, server.faults.metrics, server.faults.token_ids = "other", "none", False
    server.faults.refused_fields, server.faults.unknown_fields = ("stream_options",), "refused"
    found = looked(server)
    assert (found.server.engine, found.server.metrics, found.usage_in_stream) == ("", "none", False)
    assert found.tokens_per_piece == pytest.approx(1)


def test_old_names_of_counters_are_read(server: FaultServer) -> None:
    server.faults.metrics = "old"
    assert looked(server).server.metrics == "full"


def test_a_rate_limit_that_says_when_to_come_back_is_heeded_once(server: FaultServer) -> None:
    server.faults.status, server.faults.retry_after = 429, "0.3"
    lifted = threading.Timer(0.15, lambda: setattr(server.faults, "status", None))
    lifted.start()
    assert looked(server).server.engine == "vllm"
    lifted.join()


def test_a_look_can_be_cancelled_while_the_server_is_silent(server: FaultServer) -> None:
    server.faults.ttft_s = 30
    began = time.monotonic()
    with pytest.raises(ProbeError, match="cancelled"):
        look(target(server), TASK.model_copy(update={"stall_s": 20.0}), lambda: time.monotonic() - began > 0.3)
    assert time.monotonic() - began < 3


# What a server says is not believed because it says it


@pytest.mark.parametrize(
    "metrics",
    [
        "",
        "\x00\x01\x02",
        "vllm:prompt_tokens_total NaN\nvllm:generation_tokens_total +Inf\nvllm:num_requests_running -Inf\n",
        "vllm:prompt_tokens_total 1e300\nvllm:kv_cache_usage_perc 100\nvllm:num_requests_running -5\n",
        'vllm:prompt_tokens_total{a="' + "x" * 200_000 + '"} 1\n',
        'vllm:prompt_tokens_total{a="\n' * 1000,
        'vllm:cache_config_info{kv_cache_size_tokens="' + "9" * 5000 + '"} 1\n',
        'vllm:cache_config_info{num_gpu_blocks="' + "9" * 300 + '",block_size="16"} 1\n',
        'vllm:cache_config_info{kv_cache_size_tokens="-1"} 1\n',
        'vllm:cache_config_info{kv_cache_size_tokens="٣"} 1\n',
        "# TYPE vllm:prompt_tokens counter\n" * 20_000,
        "<html>" * 100,
    ],
)
def test_counters_that_make_no_sense_do_not_stop_a_look(server: FaultServer, metrics: str) -> None:
    server.faults.get_body = {"/metrics": metrics}
    found = looked(server)
    assert found.server.kv_cache_tokens is None or found.server.kv_cache_tokens <= 10**12


@pytest.mark.parametrize(
    "models",
    [
        '{"data": [{"id": "tiny", "max_model_len": -4}]}',
        '{"data": [{"id": "tiny", "max_model_len": 1e30}]}',
        '{"data": [{"id": "tiny", "max_model_len": 100000000000000000000000}]}',
        '{"data": [{"id": "tiny", "max_model_len": "x", "owned_by": ["a"]}, {"id": "tiny"}]}',
        '{"data": [{"id": "tiny", "max_model_len": NaN, "owned_by": null}]}',
        '{"data": [{"id": "tiny"}, {"id": "' + "n" * 100_000 + '"}]}',
    ],
)
def test_a_list_of_models_that_makes_no_sense_does_not_stop_a_look(server: FaultServer, models: str) -> None:
    server.faults.get_body = {"/v1/models": models}
    assert looked(server).server.max_model_len is None


@pytest.mark.parametrize("version", ["[]", '{"version": 7}', '{"version": "\\u0000\\u202e' + "9" * 5000 + '"}', "null"])
def test_a_version_that_makes_no_sense_is_shortened_or_unknown(server: FaultServer, version: str) -> None:
    server.faults.get_body = {"/version": version}
    said = looked(server).server.engine_version
    assert len(said) <= 200
    assert said.isprintable()
