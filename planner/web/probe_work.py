"""What a started probe does: take the server's turn, measure, keep every state, and name no address in what it says."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from urllib.parse import urlsplit

from planner.domain.measurement import Declared, Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.address import Address, Policy, address
from planner.probe.errors import ProbeError
from planner.probe.kept import keep, under_way
from planner.probe.progress import Cancelled, Said
from planner.probe.run import probe
from planner.probe.target import Target
from planner.probe.turn import turn
from planner.web.probe_job import REGISTRY, Asked, Keep, Lines, ProbeJob
from planner.web.probe_where import ONLY_LISTED, may_type_address


class Chosen(NamedTuple):
    """A server to be probed: what people call it, and where it is."""

    name: str
    url: str
    model: str
    """As it is served; empty = the only one."""
    api_key: str
    declared: Declared
    policy: Policy

    def __repr__(self) -> str:
        return f"Chosen({self.name!r})"


def start(chosen: Chosen, task: ProbeTask, predicted: Lines) -> ProbeJob:
    """Begin a probe in a thread of its own. Raises ProbeError, without the address of a listed server."""
    found = checked(chosen)
    place = "this machine" if found.is_loopback else found.host
    key = hashlib.sha256(f"{place}:{found.port}".encode()).hexdigest()
    asked = Asked(key=key, name=chosen.name, model=chosen.model, task=task, predicted=predicted)
    return REGISTRY.start(asked, Work(chosen, found, task))


def checked(chosen: Chosen) -> Address:
    """The server, looked up and allowed: a shared server never fetches an address that was typed (SSRF)."""
    if chosen.policy == "own" or (chosen.policy == "loopback" and not may_type_address()):
        raise ProbeError(ONLY_LISTED, "Ask the operator to list it, or use `planner probe` beside the server.")
    try:
        return address(chosen.url, chosen.policy)
    except ProbeError as error:
        raise without_address(error, chosen) from None


class Work:
    """The probe itself, run by its job."""

    def __init__(self, chosen: Chosen, found: Address, task: ProbeTask) -> None:
        self._chosen, self._address, self._task = chosen, found, task

    def __call__(self, said: Said, cancelled: Cancelled, tell: Keep) -> Measurement:
        """Measure. Raises ProbeError when nothing was measured, or when it could not be kept."""
        chosen = self._chosen
        target = Target(chosen.url, chosen.model, chosen.api_key, chosen.declared, chosen.policy)

        def kept(measurement: Measurement) -> None:
            tell(measurement)
            keep(under_way(measurement))

        try:
            with turn(self._address):
                measured = probe(target, self._task, said, cancelled, keep=kept)
            keep(measured)
        except ProbeError as error:
            raise without_address(error, chosen, self._address) from None
        return measured


def without_address(error: ProbeError, chosen: Chosen, found: Address | None = None) -> ProbeError:
    """The same error for a page that others see: where a listed server stands is the operator's business."""
    if chosen.policy != "listed":
        return error
    message, remedy = error.message, error.remedy
    for place in _places(chosen.url, found):
        message, remedy = message.replace(place, chosen.name), remedy.replace(place, chosen.name)
    return ProbeError(message, remedy, error.kind)


def _places(url: str, found: Address | None) -> list[str]:
    """Every way in which a message may write where the server stands, the longest first."""
    parts = urlsplit(url)
    places = {url, url.rstrip("/"), parts.netloc, parts.hostname or ""}
    places |= {found.base_url, found.origin, found.host, found.ip} if found else set()
    return sorted(filter(None, places), key=len, reverse=True)
