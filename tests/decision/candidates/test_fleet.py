"""GPUs paid for in the machines they come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.catalog import load
from planner.decision.candidates.fleet import Pairs, fits_machine, gpus_paid, pairs
from planner.decision.candidates.grid import Grid, Parallel
from planner.decision.candidates.offers import ANY, Offers
from planner.domain.capacity import CapacityRequest

TABLES = load().tables


def request(**more: Any) -> CapacityRequest:
    return CapacityRequest(peak_requests_per_s=5, input_tokens=1500, output_tokens=300, **more)


def case(tp: int, pp: int, machine: int) -> tuple[Grid, Offers, Pairs]:
    """One deployment at one offer whose machines have so many GPUs."""
    zero = np.zeros(1, dtype=np.intp)
    found = Grid([TABLES.models[0]], [TABLES.formats[0]], [TABLES.gpus[0]], [Parallel(tp, pp)], zero, zero, zero, zero)
    row = TABLES.gpu_prices[0]
    offered = Offers((row,), np.ones(1), zero, np.ones(1, dtype=bool), np.asarray([machine], dtype=np.intp))
    return found, offered, Pairs(zero, zero)


def paid(replicas: int, tp: int, machine: int, **more: Any) -> float:
    return float(gpus_paid(*case(tp, 1, machine), np.asarray([float(replicas)]), request(**more))[0])


@pytest.mark.parametrize(
    ("replicas", "tp", "machine", "gpus"),
    [
        (3, 2, 8, 8),  # four replicas fit one machine
        (5, 2, 8, 16),
        (3, 3, 8, 16),  # two replicas of three, two GPUs idle
        (3, 2, ANY, 6),
        (3, 1, 1, 3),
        (2, 8, 4, 16),  # two machines make one replica
    ],
)
def test_whole_machines_worked(replicas: int, tp: int, machine: int, gpus: int) -> None:
    assert paid(replicas, tp, machine) == gpus


def test_each_region_has_machines_of_its_own() -> None:
    assert paid(6, 2, 8) == 16
    assert paid(6, 2, 8, regions=3) == 24


@given(replicas=st.integers(1, 200), tp=st.sampled_from([1, 2, 4, 8]), machine=st.sampled_from([1, 2, 4, 8, ANY]))
def test_no_replica_is_left_without_its_gpus(replicas: int, tp: int, machine: int) -> None:
    whole = paid(replicas, tp, machine)
    assert whole >= replicas * tp
    assert whole >= paid(replicas, tp, machine, whole_instances=False) == replicas * tp
    assert paid(replicas + 1, tp, machine) >= whole


@pytest.mark.parametrize(
    ("tp", "pp", "machine", "holds"),
    [
        (8, 1, 8, True),
        (8, 1, ANY, True),
        (2, 1, 1, False),  # one GPU per machine: no fast link between them
        (8, 1, 4, False),  # a group reaches over one machine only
        (4, 2, 4, True),  # a stage in each machine
        (4, 2, 6, False),
    ],
)
def test_a_tensor_parallel_group_stays_in_one_machine(tp: int, pp: int, machine: int, holds: bool) -> None:
    assert bool(fits_machine(*case(tp, pp, machine))[0]) is holds


def test_every_deployment_meets_every_offer_of_its_gpu() -> None:
    gpu = np.asarray([0, 1, 1, 2], dtype=np.intp)
    zero = np.zeros(4, dtype=np.intp)
    found = Grid(
        [TABLES.models[0]], [TABLES.formats[0]], list(TABLES.gpus[:3]), [Parallel(1, 1)], zero, zero, gpu, zero
    )
    row = TABLES.gpu_prices[0]
    of_gpu = np.asarray([1, 0, 1], dtype=np.intp)
    offered = Offers((row,) * 3, np.ones(3), of_gpu, np.ones(3, dtype=bool), np.full(3, ANY, dtype=np.intp))
    met = pairs(found, offered, np.ones(3, dtype=bool))
    assert list(zip(met.deployment.tolist(), met.offer.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (1, 2),
        (2, 0),
        (2, 2),
    ]
