"""Which server may be asked, and a session that reaches that one and no other (against SSRF and DNS rebinding).

A name is resolved once; the number found is checked and kept for the whole probe. No redirect is followed, no cookie,
netrc password or proxy of the environment is used: a proxy would be measured in place of the server, and would resolve
the name anew. Of the environment only the certificates in REQUESTS_CA_BUNDLE or SSL_CERT_FILE count.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool

from planner.probe.errors import ProbeError

Policy = Literal["own", "listed", "loopback"]
"""own: typed on one's own command line; listed: configured by the operator; loopback: this machine alone."""
Number = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_URL_CHARS = 2000
CONNECT_S = 2.0
DEFAULT_PORTS = {"http": 80, "https": 443}
EXAMPLE = "Write it as http://127.0.0.1:8000 or https://llm.example."
LISTED = "Ask the operator, or probe from a command line that may reach it: `planner probe URL`."
OWN = "Give the address of the server itself."
_HOST = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+\]", re.ASCII)
_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0[xX][0-9A-Fa-f]*)\.?", re.ASCII)
"""Hosts that some readers take for a number: their last label is one."""
_PATH = re.compile(r"[A-Za-z0-9/._~-]*", re.ASCII)
_API = re.compile(r"/+v1(/+(models|completions|chat/+completions))?/*$")
_KEY = re.compile(r"[!-~]{0,4000}")
METADATA = frozenset(
    ipaddress.ip_address(number)
    for number in (
        "169.254.169.254",  # AWS, Azure, Google Cloud, Oracle
        "169.254.170.2",  # AWS containers
        "169.254.170.23",
        "fd00:ec2::254",  # AWS over IPv6
        "fd00:ec2::23",
        "fd20:ce::254",  # Google Cloud over IPv6
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's host
        "192.0.0.192",  # Oracle, earlier
    )
)
"""Where clouds hand out credentials to whoever asks from inside."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Address(NamedTuple):
    """A server that was looked up, checked and pinned."""

    origin: str
    """Scheme, host and port, the usual port left out."""
    base_url: str
    """Without a slash or /v1 at its end."""
    host: str
    port: int
    ip: str
    """The number that every connection goes to."""
    is_loopback: bool


def address(url: str, policy: Policy) -> Address:
    """Look up a server once. Raises ProbeError for an address that is wrong, unknown or refused by the policy."""
    parts = checked(url)
    host, port = _host(parts), parts.port or DEFAULT_PORTS[parts.scheme]
    numbers = _resolved(host, port)
    for number in numbers:
        if reason := _refusal(number, policy):
            leads = "" if str(number) == host else f" leads to {number}, which"
            raise ProbeError(f"{host}{leads} {reason}.", OWN if policy == "own" else LISTED)
    number = _answering(numbers, port)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + ("" if port == DEFAULT_PORTS[parts.scheme] else f":{port}")
    base_url = origin + _API.sub("", parts.path).rstrip("/")
    return Address(origin, base_url, host, port, str(number), all(n.is_loopback for n in _meant(number)))


def checked(url: str) -> SplitResult:
    """The parts of an address that can mean one thing only. Raises ProbeError; what it says holds no password."""
    url = url.strip()
    if not url or len(url) > MAX_URL_CHARS or not (url.isascii() and url.isprintable()):
        raise ProbeError("This is no address of a server.", EXAMPLE)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ProbeError("This address cannot be read.", EXAMPLE) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ProbeError("The address has to begin with http:// or https://.", EXAMPLE)
    if "@" in parts.netloc:
        raise ProbeError("The address holds a user name or password.", "Leave it out, and give a key as API key.")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ProbeError("The address has something after ? or #.", "Leave it out, and give a key as API key.")
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc.removesuffix(":")
    if not _HOST.fullmatch(host) or port == 0:
        raise ProbeError("The host of this address cannot be read.", EXAMPLE)
    if not _PATH.fullmatch(parts.path) or {".", ".."} & set(parts.path.split("/")):
        raise ProbeError("The path of this address cannot be read.", EXAMPLE)
    _host(parts)
    return parts


def _host(parts: SplitResult) -> str:
    """The host in lower case; a number in the one form that everybody reads alike."""
    host = (parts.hostname or "").lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if ":" in host or not host or _NUMERIC.fullmatch(host):
        raise ProbeError(f"{host!r} is neither a name nor an address in full.", "Write it as 127.0.0.1 or [::1].")
    return host


def _resolved(host: str, port: int) -> list[Number]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ProbeError(
            f"{host} is not known here.", "Check its spelling and the name service.", "unreachable"
        ) from None
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _refusal(number: Number, policy: Policy) -> str | None:
    """Why this policy asks no server at that number; None = it may."""
    meant = _meant(number)
    if any(n in METADATA for n in meant):
        return "is where a cloud keeps credentials, and is never probed"
    if any(n.is_multicast or n.is_unspecified or n in _BROADCAST for n in meant):
        return "is no address of one server; this machine is 127.0.0.1"
    if policy == "loopback" and not all(n.is_loopback for n in meant):
        return "is another machine; here only servers on this machine or those that the operator lists are probed"
    if policy == "listed" and any(n.is_link_local or _reserved(n) for n in meant):
        return "is link-local or reserved, and is never probed"
    return None


_BROADCAST = frozenset({ipaddress.ip_address("255.255.255.255")})


def _reserved(number: Number) -> bool:
    return number.is_reserved and not number.is_loopback


def _meant(number: Number) -> tuple[Number, ...]:
    """The number, and the IPv4 addresses that it stands for; one that is only mapped is that IPv4 address."""
    if isinstance(number, ipaddress.IPv4Address):
        return (number,)
    if number.ipv4_mapped is not None:
        return (number.ipv4_mapped,)
    within = [number.sixtofour, *(number.teredo or ())]
    if number in NAT64:
        within.append(ipaddress.IPv4Address(int(number) & 0xFFFF_FFFF))
    return (number, *(n for n in within if n is not None))


def _answering(numbers: list[Number], port: int) -> Number:
    """The first number that takes a connection: localhost is often ::1 first, where nobody listens."""
    for number in numbers if len(numbers) > 1 else ():
        try:
            socket.create_connection((str(number), port), timeout=CONNECT_S).close()
        except OSError:
            continue
        return number
    return numbers[0]


def session(address: Address, api_key: str = "") -> requests.Session:
    """Connections to the pinned number with the server's own name in Host, SNI and the check of its certificate.

    A redirect comes back as the answer that it is. Raises ProbeError for a key that no header can carry.
    """
    if not _KEY.fullmatch(api_key):
        raise ProbeError(
            "The API key has characters that no header can carry.", "Check it for blanks and line ends.", "unauthorised"
        )
    made = _Session()
    made.trust_env = False
    made.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.headers.update(
        {
            "Host": address.origin.partition("://")[2],
            "User-Agent": "llm-tco-planner probe",
            "Accept-Encoding": "identity",
        }
    )
    if api_key:
        made.headers["Authorization"] = f"Bearer {api_key}"
    for scheme in list(made.adapters):
        made.adapters.pop(scheme).close()
    made.mount(address.origin, _Pinned(address))
    return made


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere: redirects are not followed."""
        return None


class _Pinned(HTTPAdapter):
    """Connects to one number whatever the name in the address now means."""

    def __init__(self, address: Address) -> None:
        self._address = address
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        """The pinned number in place of the host, never a proxy; the host's name for SNI and certificate."""
        parts = urlsplit(request.url or "")
        asked = (parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme))
        pinned = self._address
        if asked != (urlsplit(pinned.origin).scheme, pinned.host, pinned.port):
            raise requests.exceptions.InvalidURL(f"this session asks {pinned.origin} only", request=request)
        _, tls = self.build_connection_pool_key_attributes(request, verify, cert)
        kwargs: dict[str, Any] = dict(tls)
        if parts.scheme == "https":
            kwargs["server_hostname"] = pinned.host
        pool: HTTPConnectionPool = self.poolmanager.connection_from_host(
            pinned.ip, pinned.port, parts.scheme, pool_kwargs=kwargs
        )
        return pool
