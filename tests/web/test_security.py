import asyncio
import base64
import hashlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send

from planner.web import security

ROOT = Path(__file__).resolve().parents[2]


def test_inline_scripts_are_named_by_their_hash() -> None:
    html = "<script>a = 1</script><script src='x.js'></script><script>\nb = 2\n</script>"

    assert security.inline_script_hashes(html) == [hash_of("a = 1"), hash_of("\nb = 2\n")]


def hash_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_the_policy_allows_no_other_inline_script_and_no_frame() -> None:
    policy = security.security_headers()["Content-Security-Policy"]
    directives = {name: sources for name, *sources in (part.split() for part in policy.split("; "))}

    assert directives["frame-ancestors"] == ["'none'"]
    assert directives["object-src"] == ["'none'"]
    assert directives["default-src"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(directives["script-src"])
    assert any(source.startswith("'sha256-") for source in directives["script-src"])


def test_every_script_of_the_installed_page_is_covered() -> None:
    html = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")

    assert html.count("<script>") == len(security.inline_script_hashes(html)) > 0


async def no_messages() -> Message:
    return {"type": "http.disconnect"}


def sent_by(app: type, scope: Scope, own_headers: Mapping[bytes, bytes]) -> list[Message]:
    sent: list[Message] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(own_headers.items())})

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(inner)(scope, no_messages, send))
    return sent


def test_an_answer_keeps_a_header_it_has_set_itself() -> None:
    sent = sent_by(security.SecurityHeaders, {"type": "http"}, {b"referrer-policy": b"same-origin"})
    headers = sent[0]["headers"]

    assert (b"referrer-policy", b"same-origin") in headers
    assert (b"referrer-policy", b"no-referrer") not in headers
    assert (b"x-content-type-options", b"nosniff") in headers


def test_a_foreign_websocket_never_reaches_the_app() -> None:
    scope = {"type": "websocket", "headers": [(b"host", b"127.0.0.1:8501"), (b"origin", b"http://evil.example")]}

    assert [message["type"] for message in sent_by(security.OriginGuard, scope, {})] == ["websocket.close"]


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"host": "127.0.0.1:8501"}, True),
        ({"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501"}, True),
        ({"host": "Planner.corp", "origin": "https://planner.corp"}, True),
        ({"host": "127.0.0.1:8501", "origin": "https://planner.corp"}, True),  # listed, behind a proxy
        ({"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8502"}, False),
        ({"host": "127.0.0.1:8501", "origin": "http://evil.example"}, False),
        ({"host": "127.0.0.1:8501", "origin": "http://planner.corp.evil.example"}, False),
        ({"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501@evil.example"}, False),
        ({"host": "127.0.0.1:8501", "origin": "null"}, False),
        ({"host": "", "origin": ""}, False),
        ({"origin": "http://evil.example"}, False),
    ],
)
@pytest.mark.parametrize("listed", ["https://planner.corp", "planner.corp"])
def test_origins(headers: dict[str, str], allowed: bool, listed: str) -> None:
    assert security.origin_allowed(headers, [listed]) is allowed


def test_no_origin_is_listed_by_default() -> None:
    assert security.configured_origins() == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.9.10", "localhost", "::1", "[::1]", "unix:///run/planner.sock"]
)
def test_this_machine_only(address: str) -> None:
    security.refuse_open_address(address, {})


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "10.1.2.3", "planner.corp", "127.0.0.1.evil.example"])
def test_an_open_address_needs_a_word(address: str | None) -> None:
    with pytest.raises(SystemExit, match="PLANNER_ALLOW_OPEN=1"):
        security.refuse_open_address(address, {"PLANNER_ALLOW_OPEN": "0"})
    security.refuse_open_address(address, {"PLANNER_ALLOW_OPEN": "1"})


@pytest.mark.parametrize(
    ("argv", "environ", "address"),
    [
        (["/x/bin/uvicorn", "app:app"], {}, "127.0.0.1"),
        (["/x/bin/uvicorn", "app:app", "--host", "0.0.0.0"], {}, "0.0.0.0"),
        (["/x/uvicorn/__main__.py", "--host=::", "app:app"], {}, "::"),
        (["/x/bin/uvicorn", "app:app", "--uds", "/run/p.sock"], {}, "unix:///run/p.sock"),
        (["/x/bin/uvicorn", "app:app"], {"UVICORN_HOST": "10.0.0.1"}, "10.0.0.1"),
        (["/x/bin/streamlit", "run", "app.py"], {"UVICORN_HOST": "10.0.0.1"}, "127.0.0.1"),
        ([], {}, "127.0.0.1"),
    ],
)
def test_where_the_process_will_listen(
    argv: list[str], environ: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "get_option", {"server.address": "127.0.0.1"}.get)

    assert security.listen_address(argv, environ) == address


def test_some_host_must_be_listed() -> None:
    security.refuse_any_host(["localhost"])
    with pytest.raises(SystemExit, match="allowedHosts is empty"):
        security.refuse_any_host([])


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["streamlit", "run", "app.py", "--server.port", "0", "--server.address", "0.0.0.0"],
        ["uvicorn", "app:app", "--port", "0", "--host", "0.0.0.0"],
    ],
)
def test_the_app_does_not_start_open(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode != 0
    assert "Not started: 0.0.0.0 can be reached from other machines" in ended.stdout + ended.stderr
