"""What the app refuses, and the headers it sends: the walls between a page and what it shows."""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALLOW_OPEN = "PLANNER_ALLOW_OPEN"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY_VIOLATION = 1008


def inline_script_hashes(html: str) -> list[str]:
    """Name every inline script of a page by its hash, as a content security policy wants it."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(html))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def content_security_policy(html: str) -> str:
    """Allow this server's own files and the inline scripts of its page `html`; nothing from elsewhere, no frame."""
    directives = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'", *inline_script_hashes(html)],
        "style-src": ["'self'", "'unsafe-inline'"],  # Streamlit's styles are made in the browser
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def security_headers() -> dict[str, str]:
    """The headers of every answer, made for the Streamlit that is installed."""
    index = Path(st.__file__).parent / "static" / "index.html"
    return {
        "Content-Security-Policy": content_security_policy(index.read_text(encoding="utf-8")),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",  # a share link carries the scenario
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


class SecurityHeaders:
    """ASGI middleware: add the security headers to every HTTP answer that has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = security_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete the answer's headers on the way back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class OriginGuard:
    """ASGI middleware: refuse a websocket opened by another site's page.

    Streamlit refuses most of them too, but only after it has asked a public service for this machine's address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close a foreign websocket before it is accepted (the browser sees 403); pass on everything else."""
        if scope["type"] == "websocket" and not origin_allowed(Headers(scope=scope), configured_origins()):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        await self.app(scope, receive, send)


def configured_origins() -> list[str]:
    """The other origins this app is reached from: server.corsAllowedOrigins, needed behind a proxy that renames it."""
    return [str(origin) for origin in st.get_option("server.corsAllowedOrigins") or []]


def origin_allowed(headers: Mapping[str, str], also: Sequence[str] = ()) -> bool:
    """Tell whether a request comes from this app's own pages, or from an origin listed in `also`.

    A request without Origin is not from a browser's page. Configured origins are compared by host name.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    here = urlsplit(origin)
    if here.netloc and here.netloc.lower() == headers.get("host", "").lower():
        return True
    return here.hostname is not None and here.hostname in {hostname(other) for other in also}


def hostname(origin: str) -> str | None:
    """The host of an origin, which may be written without its scheme."""
    return urlsplit(origin if "//" in origin else f"//{origin}").hostname


def listen_address(argv: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """The address this process is about to listen on; None means all of them.

    uvicorn is told on its own command line, Streamlit by its configuration.
    """
    program = Path(argv[0]).parts[-2:] if argv else ()
    if any(part.startswith("uvicorn") for part in program):
        return uvicorn_address(argv[1:], environ)
    address = st.get_option("server.address")
    return str(address) if address else None


def uvicorn_address(options: Sequence[str], environ: Mapping[str, str]) -> str:
    """The address in uvicorn's options; its own default is this machine only."""
    for option, following in zip(options, [*options[1:], ""], strict=True):
        if option == "--uds":
            return f"unix://{following}"
        if option.startswith("--host"):
            return option.partition("=")[2] or following
    return environ.get("UVICORN_HOST", "127.0.0.1")


def is_loopback(address: str | None) -> bool:
    """Tell whether an address is reached from this machine only."""
    if not address:
        return False
    if address == "localhost" or address.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_open_address(address: str | None, environ: Mapping[str, str]) -> None:
    """End the start with a plain sentence when the app would be open to others and nobody said so."""
    if is_loopback(address) or environ.get(ALLOW_OPEN) == "1":
        return
    raise SystemExit(
        f"Not started: {address or 'every address of this machine'} can be reached from other machines, and whoever "
        f"reaches it can read and change every scenario.\nUse --server.address 127.0.0.1, or, when a sign-in or a "
        f"firewall stands in front, set {ALLOW_OPEN}=1 and list the app's name in server.allowedHosts."
    )


def refuse_any_host(allowed_hosts: object) -> None:
    """End the start when every Host would be answered: then another site's page could reach the app by a DNS trick.

    uvicorn, started outside the app's folder, does not find .streamlit/config.toml, which lists the hosts.
    """
    if not allowed_hosts:
        raise SystemExit(
            "Not started: server.allowedHosts is empty, so .streamlit/config.toml was not read.\n"
            "Start in the folder of app.py, or with `streamlit run`."
        )
