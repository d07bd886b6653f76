"""Names and units of everything that can vary, for people; one place for tables, charts and the command line."""

from __future__ import annotations

from typing import NamedTuple

TIMES_TODAY, TIMES_FIGURE, A_YEAR = "times today's", "times the figure used", "a year"


class Words(NamedTuple):
    """A driver in words."""

    label: str
    unit: str

    @property
    def is_factor(self) -> bool:
        """Whether it multiplies the scenario's own figure; else it takes its place."""
        return self.unit.startswith("times")


WORDS: dict[str, Words] = {
    "volume": Words("Volume", TIMES_TODAY),
    "peak": Words("Busiest hour over mean", TIMES_TODAY),
    "throughput": Words("Throughput of every replica", TIMES_FIGURE),
    "api_price": Words("Per-token prices", TIMES_TODAY),
    "gpu_price": Words("GPU prices", TIMES_TODAY),
    "power_price": Words("Electricity price", TIMES_TODAY),
    "staff_share": Words("Engineers kept busy", TIMES_FIGURE),
    "api_decline": Words("Decline of per-token prices", A_YEAR),
    "gpu_decline": Words("Decline of GPU prices", A_YEAR),
    "volume_growth": Words("Growth of volume", "a month"),
    "wage_growth": Words("Growth of wages", A_YEAR),
    "discount_rate": Words("Discount rate", A_YEAR),
}
