"""The defaults that the scenario's fields have are those that the catalog gives a source or a reason for."""

from planner.catalog.catalog import load
from planner.domain.options import SELF_HOST_OPERATIONS, Operations, RentedOption
from planner.domain.scenario import Scenario
from planner.domain.workload import LatencyTarget, Workload


def test_domain_defaults_are_those_of_the_catalog() -> None:
    rows = {row.parameter: row.value for row in load().tables.defaults}
    rented, scenario = RentedOption.model_fields, Scenario.model_fields
    assert {
        "fte_usd_per_year": scenario["fte_usd_per_year"].default,
        "staff_usd_per_hour": scenario["staff_usd_per_hour"].default,
        "tie_band_fraction": scenario["tie_band_fraction"].default,
        "horizon_months": scenario["horizon_months"].default,
        "setup_hours_self_host": SELF_HOST_OPERATIONS.setup_hours,
        "setup_hours_api": Operations().setup_hours,
        "fte_fraction_self_host": SELF_HOST_OPERATIONS.fte_fraction,
        "fte_fraction_api": Operations().fte_fraction,
        "allowed_utilisation_fraction": rented["allowed_utilisation_fraction"].default,
        "spare_replicas": rented["spare_replicas"].default,
        "gpu_memory_utilisation_fraction": rented["gpu_memory_utilisation_fraction"].default,
        "gpu_overhead_gib": rented["gpu_overhead_gib"].default,
        "peak_to_mean": Workload.model_fields["peak_to_mean"].default,
        "ttft_slo_ms": LatencyTarget().ttft_slo_ms,
        "tpot_slo_ms": LatencyTarget().tpot_slo_ms,
    }.items() <= rows.items()
