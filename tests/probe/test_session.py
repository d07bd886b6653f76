"""A session reaches the server that was looked up and no other, under its own name, whatever anybody says."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from planner.probe.address import Address, address, session
from planner.probe.errors import ProbeError
from tests.probe.certificates import Authority
from tests.probe.fault_server import Faults, FaultServer, fault_server


def test_a_name_with_two_numbers_is_pinned_to_the_one_where_the_server_listens(
    names: dict[str, list[str]], server: FaultServer
) -> None:
    names["two.test"] = ["::1", "127.0.0.1"]
    assert address(f"http://two.test:{server.server_port}", "loopback").ip == "127.0.0.1"


def test_a_name_that_is_changed_after_the_look_up_still_leads_to_the_first_number(
    names: dict[str, list[str]], server: FaultServer
) -> None:
    found = address(f"http://here.test:{server.server_port}", "loopback")
    names["here.test"] = ["169.254.169.254"]
    with session(found) as asking:
        answer = asking.get(f"{found.base_url}/v1/models", timeout=5)
    assert answer.json()["data"][0]["id"] == "tiny"
    assert server.asked[0].headers["Host"] == f"here.test:{server.server_port}"


@pytest.mark.parametrize("follow", [True, False])
def test_a_redirect_is_not_followed(server: FaultServer, follow: bool) -> None:
    with fault_server() as other:
        server.faults.redirect = other.url + "/v1/models"
        found = address(server.url, "loopback")
        with session(found, "k3y") as asking:
            answer = asking.get(f"{found.base_url}/v1/models", timeout=5, allow_redirects=follow)
    assert (answer.status_code, other.asked) == (302, [])


@pytest.mark.parametrize("url", ["{other}/v1/models", "http://localhost:{port}/v1/models", "https://127.0.0.1:{port}/"])
def test_a_session_asks_no_other_server_even_when_told_to(server: FaultServer, url: str) -> None:
    with fault_server() as other, session(address(server.url, "loopback"), "k3y") as asking:
        with pytest.raises((requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
            asking.get(url.format(other=other.url, port=server.server_port), timeout=5)
        assert (other.asked, server.asked) == ([], [])


def test_neither_proxies_nor_passwords_of_the_environment_are_used(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with fault_server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        found = address(server.url, "own")
        with session(found) as asking:
            assert asking.get(f"{found.base_url}/health", timeout=5).status_code == 200
            asking.get(f"{found.base_url}/health", timeout=5, proxies={"http": proxy.url})
        assert proxy.asked == []
    assert "Authorization" not in server.asked[0].headers


def test_the_key_goes_with_every_request_and_no_cookie_comes_back(server: FaultServer) -> None:
    server.faults.api_key = "k3y"
    found = address(server.url, "loopback")
    with session(found, "k3y") as asking:
        for _ in range(2):
            answer = asking.get(f"{found.base_url}/v1/models", timeout=5)
            assert (answer.status_code, answer.headers["Set-Cookie"]) == (200, "crumb=1")
    assert not any("Cookie" in request.headers for request in server.asked)


@pytest.mark.parametrize("key", ["k3y\r\nX-Evil: 1", "k3y ", "kéy", "k3y\n"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(server: FaultServer, key: str) -> None:
    with pytest.raises(ProbeError, match="API key has characters") as caught:
        session(address(server.url, "loopback"), key)
    assert "k3y" not in str(caught.value)


def test_one_connection_is_kept_for_all_requests(server: FaultServer) -> None:
    found = address(server.url, "loopback")
    with session(found) as asking:
        for _ in range(5):
            asking.get(f"{found.base_url}/health", timeout=5)
        assert len(server.connections) == 1


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def _asked(found: Address) -> int:
    with session(found) as asking:
        return asking.get(f"{found.base_url}/health", timeout=5).status_code


@pytest.mark.parametrize(
    ("certified", "host", "good"),
    [
        ("DNS:llm.test", "llm.test", True),
        ("DNS:other.test", "llm.test", False),
        ("IP:127.0.0.1", "llm.test", False),
        ("IP:127.0.0.1", "127.0.0.1", True),
        ("DNS:llm.test", "127.0.0.1", False),
    ],
)
def test_the_certificate_has_to_be_for_the_name_that_was_meant(
    names: dict[str, list[str]],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    certified: str,
    host: str,
    good: bool,
) -> None:
    names["llm.test"] = ["127.0.0.1"]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    with fault_server(tls=authority.certify(certified)) as server:
        found = address(f"https://{host}:{server.server_port}", "loopback")
        if good:
            assert _asked(found) == 200
        else:
            with pytest.raises(requests.exceptions.SSLError):
                _asked(found)


def test_a_certificate_of_an_unknown_authority_is_refused(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with fault_server(Faults(), tls=authority.certify("IP:127.0.0.1")) as server:
        with pytest.raises(requests.exceptions.SSLError):
            _asked(address(server.url, "loopback"))
        assert server.asked == []
