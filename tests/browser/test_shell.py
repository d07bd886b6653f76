"""The frame around every page: links, headers, refusals, accessibility."""

import http.client
from collections.abc import Callable
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.harness import AppPage, Server, axe

PATHS = ["/", "/scenarios", "/method", "/view"]


def test_a_deep_link_that_comes_first_opens_inside_the_frame(
    serve: Callable[..., Server], visit: Callable[[Server], AppPage]
) -> None:
    app = visit(serve()).open("/scenarios")

    expect(app.page.get_by_role("heading", name="Scenarios", level=1)).to_be_visible()
    for title in ("Decide", "Scenarios", "How to read"):  # the router's menu, not Streamlit's list of files
        expect(app.page.get_by_role("link", name=title, exact=True)).to_be_visible()
    expect(app.page.get_by_role("link", name="main", exact=True)).to_have_count(0)
    expect(app.page.get_by_role("dialog")).to_have_count(0)  # no "page not found"


def test_a_link_keeps_its_query(app: AppPage) -> None:
    app.open("/view?s=abcdefghjk&r=1")

    expect(app.page).to_have_url(app.server.url + "/view?s=abcdefghjk&r=1")


def test_the_menu_leads_to_every_page_but_the_shared_one(app: AppPage) -> None:
    app.open()

    for title in ("Scenarios", "How to read", "Decide"):
        app.page.get_by_role("link", name=title, exact=True).click()
        app.settle()
        expect(app.page.get_by_test_id("stException")).to_have_count(0)
    expect(app.page.get_by_role("link", name="Shared scenario")).to_have_count(0)


@pytest.mark.parametrize("path", [*PATHS, "/readyz", "/_stcore/health"])
def test_every_answer_carries_the_security_headers(server: Server, path: str) -> None:
    with urlopen(server.url + path) as answer:
        headers = answer.headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "sha256-" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=()" in headers["permissions-policy"]


def test_ready_and_healthy(server: Server) -> None:
    with urlopen(server.url + "/readyz") as answer:
        assert b'"ready":true' in answer.read()
    with urlopen(server.url + "/_stcore/health") as answer:
        assert answer.read() == b"ok"


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", 101),
        ("localhost:{port}", "http://localhost:{port}", 101),
        ("127.0.0.1:{port}", None, 101),
        ("evil.example:{port}", "http://evil.example:{port}", 403),
        ("evil.example:{port}", None, 403),
        ("127.0.0.1:{port}", "http://evil.example", 403),
        ("127.0.0.1:{port}", "http://localhost:1", 403),
        ("127.0.0.1:{port}", "null", 403),
    ],
)
def test_a_websocket_is_opened_for_our_own_pages_only(
    server: Server, host: str, origin: str | None, status: int
) -> None:
    names = {"port": server.port}

    assert handshake(server, host.format(**names), origin and origin.format(**names)) == status


def handshake(server: Server, host: str, origin: str | None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("GET", "/_stcore/stream", skip_host=True)
    headers = {
        "Host": host,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    for name, value in (headers | ({"Origin": origin} if origin else {})).items():
        connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_an_upload_without_its_token_is_refused(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("PUT", "/_stcore/upload_file/session/file", body=b"x")

    assert connection.getresponse().status == 403
    connection.close()


def test_compressed_when_asked(serve: Callable[..., Server], visit: Callable[[Server], AppPage]) -> None:
    app = visit(serve(PLANNER_GZIP="1"))
    encodings = []
    app.page.on("response", lambda response: encodings.append(response.headers.get("content-encoding")))

    app.open()

    assert encodings.count("gzip") > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_accessible(app: AppPage, path: str, scheme: str) -> None:
    app.open(path, scheme)

    assert axe(app) == []
