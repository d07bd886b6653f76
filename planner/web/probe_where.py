"""Which servers may be probed from this page: those that the operator has listed, and, where nobody else reaches the
app, one on this machine by its address.

A shared server never fetches an address that a visitor typed (SSRF): the rule is asked again when a probe starts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

import streamlit as st

from planner.web.security import ALLOW_OPEN, configured_origins, hostname, is_loopback, listen_address

PUBLIC_URL = "PLANNER_PUBLIC_URL"
ONLY_LISTED = (
    "An address can be typed only where the app is reached from its own machine alone. Here others may reach it, so "
    "only servers that the operator has listed can be probed."
)


def alone(address: str | None, hosts: Iterable[str], origins: Iterable[str], environ: Mapping[str, str]) -> bool:
    """Whether nobody but users of this machine reaches the app.

    It listens on loopback; and it answers to no other name, so that no proxy of this machine passes others on to it.
    """
    public = [environ[PUBLIC_URL]] if environ.get(PUBLIC_URL) else []
    names = [hostname(name) for name in (*hosts, *origins, *public)]
    here = not (address or "").startswith("unix:") and is_loopback(address)
    return here and bool(list(hosts)) and all(map(is_loopback, names)) and environ.get(ALLOW_OPEN) != "1"


def may_type_address() -> bool:
    """The same of this process, as it is configured now."""
    hosts = [str(host) for host in st.get_option("server.allowedHosts") or []]
    return alone(listen_address(sys.argv, os.environ), hosts, configured_origins(), os.environ)
