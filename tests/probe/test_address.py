"""An address means one thing or is refused, and each policy asks only what is its own."""

from __future__ import annotations

import functools
import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.probe.address import Policy, address
from planner.probe.errors import ProbeError

POLICIES: tuple[Policy, ...] = ("own", "listed", "loopback")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "127.0.0.1:8000",
        "//127.0.0.1:8000",
        "http://",
        "http:///v1",
        "http://user:s3cret@127.0.0.1/",
        "http://s3cret@127.0.0.1/",
        "http://127.0.0.1:8000\\@example.com/",
        "http://127.0.0.1#@example.com/",
        "http://127.0.0.1/?key=s3cret",
        "http://127.0.0.1/?",
        "http://127.0.0.1/v1#part",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1:08000/",
        "http://127.0.0.1:80:80/",
        "http://127.0.0.1:８０/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://[127.0.0.1]/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://[::ffff:0x7f.1]/",
        "http://①②⑦.⓪.⓪.①/",
        "http://127。0。0。1/",
        "http://lоcalhost/",
        "http://exa mple/",
        "http://exam\tple/",
        "http://a/\r\nHost: b",
        "http://%31%32%37.0.0.1/",
        "http://a/../v1",
        "http://a/%2e%2e/",
        "http://" + "a" * 64 + "/",
        "http://" + "a." * 2000 + "b/",
        "",
        "   ",
    ],
)
@pytest.mark.parametrize("policy", POLICIES)
def test_an_address_that_two_readers_may_read_differently_is_refused_without_repeating_it(
    url: str, policy: Policy
) -> None:
    with pytest.raises(ProbeError) as caught:
        address(url, policy)
    assert "s3cret" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("url", "refused_by"),
    [
        ("http://127.0.0.1:8000", ""),
        ("http://127.7.7.7:8000", ""),
        ("http://[::1]:8000", ""),
        ("http://[::ffff:127.0.0.1]:8000", ""),
        ("http://mapped-here.test:8000", ""),
        ("http://here.test:8000", ""),
        ("http://10.1.2.3:8000", "loopback"),
        ("http://192.168.1.7:8000", "loopback"),
        ("http://[fd12:3456::1]:8000", "loopback"),
        ("http://private.test:8000", "loopback"),
        ("https://public.test", "loopback"),
        ("https://here-and-there.test", "loopback"),
        ("http://169.254.7.7", "loopback listed"),
        ("http://link-local.test", "loopback listed"),
        ("http://fe80.test", "loopback listed"),
        ("http://reserved.test", "loopback listed"),
        ("http://169.254.169.254", "loopback listed own"),
        ("http://[::ffff:169.254.169.254]", "loopback listed own"),
        ("http://[::ffff:a9fe:a9fe]", "loopback listed own"),
        ("http://[fd00:ec2::254]", "loopback listed own"),
        ("http://100.100.100.200", "loopback listed own"),
        ("http://metadata.test", "loopback listed own"),
        ("http://both.test", "loopback listed own"),
        ("http://mapped.test", "loopback listed own"),
        ("http://nat64.test", "loopback listed own"),
        ("http://6to4.test", "loopback listed own"),
        ("http://0.0.0.0:8000", "loopback listed own"),
        ("http://[::]:8000", "loopback listed own"),
        ("http://224.0.0.1", "loopback listed own"),
        ("http://[ff02::1]", "loopback listed own"),
        ("http://255.255.255.255", "loopback listed own"),
        ("http://unknown.test", "loopback listed own"),
    ],
)
def test_each_policy_refuses_what_is_not_its_own(names: dict[str, list[str]], url: str, refused_by: str) -> None:
    assert refused_by.split() == [policy for policy in reversed(POLICIES) if _refused(url, policy)]


def _refused(url: str, policy: Policy) -> bool:
    try:
        address(url, policy)
    except ProbeError:
        return True
    return False


@given(st.ip_addresses(v=4), st.sampled_from(POLICIES))
def test_a_number_and_its_mapped_form_are_judged_alike(number: ipaddress.IPv4Address, policy: Policy) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{number}")
    assert _refused(f"http://{number}", policy) == _refused(f"http://[{mapped}]", policy)


@given(st.text(max_size=60), st.sampled_from(POLICIES))
def test_whatever_follows_127_0_0_1_it_is_a_number_of_this_machine_or_refused(text: str, policy: Policy) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", functools.partial(socket.getaddrinfo, flags=socket.AI_NUMERICHOST))
        try:
            found = address("http://127.0.0.1" + text, policy)
        except ProbeError:
            return
    assert (found.host, found.is_loopback) == (found.ip, True)


@given(st.ip_addresses())
def test_loopback_never_pins_another_machine(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    url = f"http://[{number}]" if number.version == 6 else f"http://{number}"
    try:
        found = address(url, "loopback")
    except ProbeError:
        return
    assert found.is_loopback


@pytest.mark.parametrize(
    ("url", "origin", "base_url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        (" HTTP://127.0.0.1:80/v1/ ", "http://127.0.0.1", "http://127.0.0.1"),
        ("https://LocalHost.:443/v1/chat/completions", "https://localhost", "https://localhost"),
        ("http://[0:0:0:0:0:0:0:1]:8000/llm/v1", "http://[::1]:8000", "http://[::1]:8000/llm"),
        ("http://127.0.0.1:8000/gateway/a/", "http://127.0.0.1:8000", "http://127.0.0.1:8000/gateway/a"),
    ],
)
def test_an_address_is_brought_into_one_form(url: str, origin: str, base_url: str) -> None:
    found = address(url, "loopback")
    assert (found.origin, found.base_url) == (origin, base_url)
