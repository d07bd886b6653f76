"""What is fetched, from whom, how long and how much of it, against a real server on this machine."""

from __future__ import annotations

import gzip
import socket
import time
import zlib

import pytest
from pydantic import ValidationError

from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door, Limits, NotThere, origin_of
from tests.refresh.loopback import CHUNK, QUICK, Handler, Loopback, body, cut, endless, html, in_turn, slow, status

GOOD = b'{"a": 1}'
MB = 1_000_000
KERNEL_BUFFERS = 30 * MB
"""What two sockets on one machine hold at most between them."""


def refused(server: Loopback, path: str = "/x", limits: Limits = QUICK) -> RefreshError:
    """The error of one question."""
    with pytest.raises(RefreshError) as caught:
        server.door(limits).get(server.url + path)
    return caught.value


def test_a_good_file_comes_whole(server: Loopback) -> None:
    server.answers["/x"] = body(GOOD)
    assert server.door().get(f"{server.url}/x") == GOOD
    assert server.asked == ["/x"]


def test_compressed_files_are_unpacked(server: Loopback) -> None:
    server.answers["/x"] = body(gzip.compress(CHUNK * 10), Content_Encoding="gzip")
    assert server.door().get(f"{server.url}/x") == CHUNK * 10


def test_a_server_in_trouble_is_asked_three_times(server: Loopback) -> None:
    server.answers["/x"] = status(500)
    error = refused(server)
    assert server.asked == ["/x"] * 3
    assert "answered 500" in error.message
    assert "3 tries" in error.message


def test_trouble_that_passes_is_not_told(server: Loopback) -> None:
    server.answers["/x"] = in_turn(status(503), cut(GOOD), body(GOOD))
    assert server.door().get(f"{server.url}/x") == GOOD
    assert len(server.asked) == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 429])
def test_a_question_that_is_refused_is_asked_once(server: Loopback, code: int) -> None:
    server.answers["/x"] = status(code)
    error = refused(server)
    assert str(code) in error.message
    assert error.remedy
    assert isinstance(error, NotThere) == (code in (401, 403, 404))
    assert len(server.asked) == 1


def test_a_file_that_breaks_off_is_no_file(server: Loopback) -> None:
    server.answers["/x"] = cut(GOOD)
    assert "broke off" in refused(server).message
    assert len(server.asked) == 3


@pytest.mark.parametrize("content", [gzip.compress(GOOD * 99)[:-9], b"no gzip at all"], ids=["cut off", "plain"])
def test_a_broken_compressed_file_is_no_file(server: Loopback, content: bytes) -> None:
    server.answers["/x"] = body(content, Content_Encoding="gzip")
    assert "tries" in refused(server).message


def test_a_web_page_is_not_taken_for_prices(server: Loopback) -> None:
    server.answers["/x"] = html()
    server.answers["/y"] = body(b"<p>hello", "text/html; charset=utf-8")
    for path in ("/x", "/y"):
        error = refused(server, path)
        assert "web page (HTML) where JSON" in error.message
        assert "sign-in page" in error.remedy
    assert len(server.asked) == 2


def test_200_mb_are_cut_off_early(server: Loopback) -> None:
    server.answers["/x"] = endless(200 * MB)
    error = refused(server)
    assert "2,000,000 bytes" in error.message
    assert len(server.asked) == 1
    assert server.sent < QUICK.max_bytes + KERNEL_BUFFERS


def test_200_mb_that_say_so_are_not_even_begun(server: Loopback) -> None:
    server.answers["/x"] = lambda handler: handler.start(Content_Type="application/json", Content_Length="200000000")
    assert "200,000,000" in refused(server).message
    assert server.sent == 0


def test_a_small_file_that_unpacks_to_a_huge_one_is_stopped(server: Loopback) -> None:
    bomb = gzip.compress(b"0" * 200 * MB, 1)
    assert len(bomb) < MB
    server.answers["/x"] = body(bomb, Content_Encoding="gzip")
    seen: list[int] = []
    with pytest.raises(RefreshError, match="2,000,000 bytes"):
        server.door().read(f"{server.url}/x", lambda pieces: seen.extend(len(piece) for piece in pieces))
    assert sum(seen) <= QUICK.max_bytes
    assert max(seen) <= len(CHUNK)


def test_other_compressions_are_refused(server: Loopback) -> None:
    server.answers["/x"] = body(zlib.compress(GOOD), Content_Encoding="deflate")
    assert "'deflate'" in refused(server).message


def test_a_server_that_drips_cannot_outlast_the_deadline(server: Loopback) -> None:
    server.answers["/x"] = slow(0.05)
    begun = time.monotonic()
    error = refused(server, limits=QUICK.model_copy(update={"total_s": 0.5}))
    assert time.monotonic() - begun < 3
    assert "more than 0.5 seconds" in error.message


def test_headers_that_drip_cannot_outlast_the_deadline(server: Loopback) -> None:
    def drip(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not handler.server.stopping.wait(0.05):
            handler.wfile.write(b"X-A: 1\r\n")

    server.answers["/x"] = drip
    begun = time.monotonic()
    error = refused(server, limits=QUICK.model_copy(update={"total_s": 0.5}))
    assert time.monotonic() - begun < 3
    assert "more than 0.5 seconds" in error.message


def test_silence_ends_a_try(server: Loopback) -> None:
    server.answers["/x"] = slow(60)
    error = refused(server, limits=QUICK.model_copy(update={"silence_s": 0.2, "tries": 2}))
    assert "stopped sending" in error.message
    assert len(server.asked) == 2


def test_nobody_there_is_said_with_the_way_out() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with pytest.raises(RefreshError) as caught:
        Door(hosts=frozenset({url}), limits=QUICK).get(f"{url}/x")
    assert "cannot be reached (3 tries)" in caught.value.message
    assert "connection to the internet" in caught.value.remedy


def test_a_redirect_to_an_allowed_host_is_followed(server: Loopback) -> None:
    server.answers["/old"] = status(302, Location="/x")
    server.answers["/x"] = body(GOOD)
    assert server.door().get(f"{server.url}/old") == GOOD


@pytest.mark.parametrize(
    "target",
    [
        "https://example.com/x",
        "http://localhost:{port}/x",
        "file:///etc/passwd",
        "//example.com/x",
        "http://127.0.0.1:99999/x",
        "http://10.0.0.1\\@127.0.0.1:{port}/x",  # one reader sees the first host, another the second
        "http://10.0.0.1@localhost:{port}/x",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(server: Loopback, target: str) -> None:
    server.answers["/old"] = status(301, Location=target.format(port=server.server_port))
    server.answers["/x"] = body(GOOD)
    error = refused(server, "/old")
    assert "not an allowed host" in error.message
    assert server.asked == ["/old"]


def test_a_redirect_to_nonsense_is_an_error_like_others(server: Loopback) -> None:
    server.answers["/old"] = status(302, Location="http://[::1/x")
    assert "cannot be asked" in refused(server, "/old").message


def test_redirects_in_a_circle_end(server: Loopback) -> None:
    server.answers["/x"] = status(302, Location="/x")
    assert "redirects more than 3 times" in refused(server).message
    assert len(server.asked) == 4


def test_a_host_that_is_not_on_the_list_is_never_asked(server: Loopback) -> None:
    with pytest.raises(RefreshError, match="not an allowed host"):
        Door(hosts=frozenset({"https://openrouter.ai"}), limits=QUICK).get(f"{server.url}/x")
    assert server.asked == []


@pytest.mark.parametrize(
    "origin", ["http://openrouter.ai", "ftp://127.0.0.1", "openrouter.ai", "http://127.0.0.1.nip.io"]
)
def test_only_this_machine_may_be_asked_without_encryption(origin: str) -> None:
    with pytest.raises(ValidationError, match="not https"):
        Door(hosts=frozenset({origin}))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Prices.Azure.com:443/api?$skip=100", "https://prices.azure.com"),
        ("https://prices.azure.com:8443/", "https://prices.azure.com:8443"),
        ("https://user:secret@openrouter.ai/x", "https://openrouter.ai"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1"),
        ("https://openrouter.ai@10.0.0.1/x", "https://10.0.0.1"),
        ("https://10.0.0.1\\@openrouter.ai/x", "an address that cannot be read"),
        ("https://openrouter.ai\t.example.com/x", "an address that cannot be read"),
        ("https:openrouter.ai", "an address that cannot be read"),
    ],
)
def test_an_origin_is_scheme_host_and_unusual_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_no_password_of_a_netrc_file_is_sent(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    heard: list[str | None] = []

    def answer(handler: Handler) -> None:
        heard.append(handler.headers.get("Authorization"))
        body(GOOD)(handler)

    server.answers["/x"] = answer
    server.door().get(f"{server.url}/x")
    assert heard == [None]
