from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.probe.sse import MAX_EVENT_BYTES, Events, Said, Unreadable, Usage, plain_piece, said, usage_of

TEXTS = st.text(max_size=20)


def event(choice: dict[str, Any] | None, **more: Any) -> bytes:
    return json.dumps({"id": "a", "choices": [] if choice is None else [choice], **more}).encode()


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@given(st.lists(TEXTS, max_size=5), st.lists(st.integers(0, 400), max_size=8), st.sampled_from([b"\n\n", b"\r\n\r\n"]))
def test_wherever_the_bytes_are_cut_the_events_are_the_same(texts: list[str], cuts: list[int], end: bytes) -> None:
    datas = [event({"text": text}) for text in texts]
    stream = b": a comment\n" + b"".join(b"event: message\ndata: " + data + end for data in datas)
    events = Events()
    assert [data for part in split(stream, cuts) for data in events.feed(part)] == datas


def test_a_last_event_without_an_end_is_read_when_the_stream_ends() -> None:
    events = Events()
    assert list(events.feed(b"data:[DONE]")) == []
    assert list(events.rest()) == [b"[DONE]"]


def test_a_line_that_never_ends_is_refused() -> None:
    events = Events()
    for _ in range(4):
        assert list(events.feed(b"x" * (MAX_EVENT_BYTES // 4))) == []
    with pytest.raises(Unreadable, match="longer than"):
        list(events.feed(b"x"))


@given(
    st.one_of(
        st.fixed_dictionaries({"text": TEXTS}),
        st.fixed_dictionaries({"delta": st.fixed_dictionaries({"content": st.one_of(st.none(), TEXTS)})}),
        st.fixed_dictionaries({"delta": st.fixed_dictionaries({"reasoning_content": TEXTS, "content": TEXTS})}),
        st.fixed_dictionaries({"delta": st.fixed_dictionaries({"role": st.just("assistant"), "content": TEXTS})}),
    ),
    st.sampled_from([None, None, "stop", "length"]),
    st.sampled_from([None, {}, {"completion_tokens": 3}]),
    st.sampled_from([(",", ":"), (", ", ": ")]),
    st.booleans(),
)
def test_an_event_that_passes_for_a_plain_piece_says_nothing_else_when_it_is_read(
    choice: dict[str, Any], finish: str | None, usage: object, separators: tuple[str, str], ascii_only: bool
) -> None:
    whole = {"choices": [{"index": 0, **choice, "finish_reason": finish}], "usage": usage, "system_fingerprint": "f"}
    data = json.dumps(whole, separators=separators, ensure_ascii=ascii_only).encode()
    if plain_piece(data):
        assert said(data) == Said(piece=True, usage=said(data).usage, fingerprint="f")
        assert said(data).usage in (None, Usage())


@given(TEXTS)
def test_no_text_of_an_answer_can_make_an_event_look_like_something_else(text: str) -> None:
    tricks = f'{text}", "finish_reason":null, "text":"x{text}'
    assert not plain_piece(event({"index": 0, "delta": {"role": tricks}, "finish_reason": "stop"}))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (event({"text": "a", "finish_reason": None}), Said(piece=True)),
        (event({"text": "", "finish_reason": None}), Said(piece=True)),  # half a character: a token without text yet
        (event({"text": "", "finish_reason": "length"}), Said(finish="length")),
        (event({"delta": {"role": "assistant", "content": ""}}), Said()),
        (event({"delta": {"content": "a"}}), Said(piece=True)),
        (event({"delta": {"reasoning_content": "a"}}), Said(piece=True, reasoning=True)),
        (event({"delta": {"reasoning": "a"}}), Said(piece=True, reasoning=True)),
        (event({"delta": {"tool_calls": [{"index": 0}]}}), Said(piece=True)),
        (event({"delta": {}, "finish_reason": "stop"}), Said(finish="stop")),
        (event(None, usage={"prompt_tokens": 7, "completion_tokens": 2}), Said(usage=Usage(7, None, 2))),
        (event(None, system_fingerprint="fp"), Said(fingerprint="fp")),
        (b'{"error":{"message":"full","code":503}}', Said(error="full", code=503)),
        (b'{"error":{"message":"full","code":"503"}}', Said(error="full", code=503)),
        (b'{"error":"Unauthorized"}', Said(error="Unauthorized")),
        (b'{"object":"error","message":"too long","code":400}', Said(error="too long", code=400)),
    ],
)
def test_each_kind_of_event_is_read_as_what_it_says(data: bytes, expected: Said) -> None:
    assert said(data) == expected


@pytest.mark.parametrize("data", [b"", b"{", b"7", b"[]", b"\xff", b'{"choices":[1]}', b"[" * 100_000])
def test_what_is_no_event_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        said(data)


def test_usage_counts_cached_tokens_and_leaves_out_what_is_no_count() -> None:
    assert usage_of({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}) == Usage(9, 4, None)
    assert usage_of({"prompt_tokens": -1, "completion_tokens": True, "prompt_tokens_details": 3}) == Usage()
