"""BE-3: what one figure would have to be for both sides to cost the same, all others as they are.

Everything is per period at one volume. `fixed_usd` is F, the fixed cost of running the model less that of the API;
`saved_usd_per_mtok` is m = p - v, the API's price less what running the model costs for each token. `replicas` are all
that are paid for, spares included. Prices enter linearly, so the answers are closed forms.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from planner.units import ceil_tol

SCAN_POINTS = 200
_HALVINGS = 60


def required_replica_usd(
    saved_usd_per_mtok: float, volume_mtok: float, fixed_usd: float, replicas: float
) -> float | None:
    """BE-3: f* = (m V - F) / n, USD per replica; None without replicas or when not even free ones would do."""
    room = saved_usd_per_mtok * volume_mtok - fixed_usd
    return room / replicas if replicas > 0 and room >= 0 else None


def required_gpu_usd_per_hour(
    saved_usd_per_mtok: float,
    volume_mtok: float,
    fixed_usd: float,
    replicas: float,
    gpus_per_replica: float,
    hours: float,
) -> float | None:
    """BE-3: f* / (G H), USD per GPU and hour over the paid hours of the period; None as for the replica."""
    replica_usd = required_replica_usd(saved_usd_per_mtok, volume_mtok, fixed_usd, replicas)
    return None if replica_usd is None else replica_usd / (gpus_per_replica * hours)


def required_api_usd_per_mtok(
    volume_mtok: float, fixed_usd: float, replica_usd: float, replicas: float, own_usd_per_mtok: float = 0.0
) -> float | None:
    """BE-3: p* = (F + f n) / V + v; None at zero volume or when the price would have to be negative."""
    if volume_mtok <= 0:
        return None
    price = (fixed_usd + replica_usd * replicas) / volume_mtok + own_usd_per_mtok
    return price if price >= 0 else None


def required_utilisation(
    saved_usd_per_mtok: float, mtok_per_replica: float, fixed_usd: float, replica_usd: float, replicas: float
) -> float | None:
    """BE-3: u* = (F + f n) / (m kappa n), a share of what n replicas serve; None above 1 or when nothing is saved."""
    served = saved_usd_per_mtok * mtok_per_replica * replicas
    if served <= 0:
        return None
    share = max(fixed_usd + replica_usd * replicas, 0.0) / served
    return share if share <= 1 else None


def affordable_replicas(
    saved_usd_per_mtok: float, volume_mtok: float, fixed_usd: float, replica_usd: float, replica_step: int = 1
) -> int:
    """BE-3: floor((m V - F) / f) in rentable steps, 0 when none; `replica_usd` above 0."""
    steps = (saved_usd_per_mtok * volume_mtok - fixed_usd) / (replica_usd * replica_step)
    return max(int(-ceil_tol(-steps)), 0) * replica_step


def required_mtok_per_replica(
    saved_usd_per_mtok: float,
    volume_mtok: float,
    fixed_usd: float,
    replica_usd: float,
    *,
    min_replicas: int = 1,
    spare_replicas: int = 0,
    replica_step: int = 1,
) -> float | None:
    """BE-3: kappa* = V / serving, the smallest volume per replica with which the affordable fleet, less spares, does.

    Throughput moves the cost in steps, so a little more than this changes nothing and a little less loses a replica.
    None when the fleet that must be paid at any throughput is not affordable, or at zero volume.
    """
    affordable = affordable_replicas(saved_usd_per_mtok, volume_mtok, fixed_usd, replica_usd, replica_step)
    serving = affordable - spare_replicas
    return volume_mtok / serving if serving >= max(min_replicas, 1) and volume_mtok > 0 else None


def required_staff_usd(
    saved_usd_per_mtok: float, volume_mtok: float, other_fixed_usd: float, replica_usd: float, replicas: float
) -> float | None:
    """BE-3: staff cost per period that uses up the saving, m V - f n - the rest of F; None when nothing is left."""
    staff = saved_usd_per_mtok * volume_mtok - replica_usd * replicas - other_fixed_usd
    return staff if staff >= 0 else None


def bisect_all(
    difference: Callable[[float], float], low: float, high: float, points: int = SCAN_POINTS
) -> tuple[float, ...]:
    """BE-3: where `difference` changes sign or is zero on a scan of [low, high], each halved to 1e-10 of the range.

    Ascending. A jump across zero counts; two changes between neighbouring points, or a touch between them, do not show.
    """
    at = np.linspace(low, high, points)
    values = [difference(float(x)) for x in at]
    roots = [float(x) for x, value in zip(at, values, strict=True) if value == 0]
    for left, right, before, after in zip(at, at[1:], values, values[1:], strict=False):
        if before != 0 != after and (before > 0) != (after > 0):
            roots.append(_bisect(difference, float(left), float(right), before > 0))
    return tuple(sorted(roots))


def _bisect(difference: Callable[[float], float], low: float, high: float, falling: bool) -> float:
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        value = difference(middle)
        if value == 0:
            return middle
        low, high = (middle, high) if (value > 0) == falling else (low, middle)
    return (low + high) / 2
