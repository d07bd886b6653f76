"""How fast one replica is at the scenario's shape and latency target: which source is used, and what it says.

Sources are never averaged. `auto` takes, in this order: what is typed in; the points measured on one's own server; a
published run of this very deployment whose request lengths are at most NEAR_SHAPE_FACTOR times off; the model; and,
where the model has nothing to say, a published run further off.
"""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity.published import shape_factor
from planner.decision.throughput_calibrated import calibrated_throughput
from planner.decision.throughput_modelled import modelled_throughput
from planner.decision.throughput_published import published_throughput, rows_of
from planner.decision.throughput_typed import typed_throughput
from planner.decision.throughput_values import Asked, Blocked, Throughput
from planner.domain.facts import Reason
from planner.domain.serving import KnownSource

NEAR_SHAPE_FACTOR = 1.5
"""Up to here a published run of the deployment itself is taken. Its median error, carried over, against the model's on
configurations it never saw, every deployment alike: 3.1 % and 2.8 % up to 1.5 times apart (2 deployments), 28.8 % and
7.0 % from 1.5 to 2 (47), 19.6 % and 16.1 % from 2 to 3 (27), 17.4 % and 6.6 % from 3 to 4 (25), 19.9 % and 7.5 % from 4
to 8 (49), 50 % and 12 % beyond. `python -m bench.shape_transfer` recomputes them."""


class Used(NamedTuple):
    """The throughput that the answer uses, and why this source and no other."""

    rate: Throughput
    why: str


def throughput(asked: Asked) -> Used:
    """What one replica does at the scenario's mix and target. Raises Blocked with every reason."""
    wanted = asked.option.throughput_source
    if wanted != "auto":
        return Used(of_source(wanted, asked), f"the option asks for it: throughput_source is {wanted}")
    if asked.option.throughput is not None:
        return Used(of_source("typed", asked), "it is typed in")
    if asked.option.calibration is not None:
        return Used(of_source("calibrated", asked), "points measured on your own server go before everything else")
    return _looked_up(asked)


def _looked_up(asked: Asked) -> Used:
    """A published run at a near shape, the model, or a published run further off."""
    factor = nearest_factor(asked)
    far = _attempt("published", asked)
    if factor is not None and factor <= NEAR_SHAPE_FACTOR and isinstance(far, Throughput):
        return Used(
            far, f"a published run of this deployment is near: request lengths {far.shape_factor:.1f} times off"
        )
    modelled = _attempt("modelled", asked)
    if isinstance(modelled, Throughput):
        return Used(modelled, _why_modelled(factor, far))
    if isinstance(far, Throughput):
        return Used(far, "the model has no answer here, and this is the nearest published run")
    raise Blocked(*(modelled.reasons))


def _why_modelled(factor: float | None, published: Throughput | Blocked) -> str:
    if factor is None:
        return "there is no published run of this deployment"
    if factor <= NEAR_SHAPE_FACTOR and isinstance(published, Blocked):
        return "no published run of this deployment near these request lengths holds the latency target"
    return (
        f"the nearest published run has request lengths {factor:.1f} times off, and beyond {NEAR_SHAPE_FACTOR:g} times "
        "the model is nearer to the truth"
    )


def nearest_factor(asked: Asked) -> float | None:
    """How many times the request lengths of the nearest published run of this deployment differ; None: no run."""
    return min((shape_factor(row, *asked.shape) for row in rows_of(asked)), default=None)


def of_source(source: KnownSource, asked: Asked) -> Throughput:
    """What one source says. Raises Blocked when it does not exist here, with the way out."""
    option = asked.option
    if source == "typed":
        if option.throughput is None:
            raise Blocked(_nothing_typed(asked))
        return typed_throughput(asked, option.throughput)
    if source == "calibrated":
        if option.calibration is None:
            raise Blocked(_no_points(asked))
        return calibrated_throughput(asked, option.calibration)
    return published_throughput(asked) if source == "published" else modelled_throughput(asked)


def _attempt(source: KnownSource, asked: Asked) -> Throughput | Blocked:
    try:
        return of_source(source, asked)
    except Blocked as blocked:
        return blocked


def _nothing_typed(asked: Asked) -> Reason:
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message="No throughput is typed in.",
        field=f"{asked.where}.throughput",
        remedy="Type in what you measured.",
    )


def _no_points(asked: Asked) -> Reason:
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message="The throughput is to come from points measured on your own server, and there are none.",
        field=f"{asked.where}.calibration",
        remedy=f"Give the points, or set {asked.where}.throughput_source to auto.",
    )
