"""The reference-price rule: a fleet's cost shared out over input and output tokens like a price list."""

from __future__ import annotations


def split_usd_per_mtok(
    fleet_usd: float,
    input_mtok: float,
    output_mtok: float,
    reference_input_usd_per_mtok: float,
    reference_output_usd_per_mtok: float,
) -> tuple[float, float] | None:
    """Input and output USD per 1M tokens, in the reference's ratio, that recover the fleet's cost exactly.

    Each is its reference price x fleet cost / (the same tokens at the reference prices). `fleet_usd` and the tokens
    are of one period. None when the reference bills nothing, as without tokens.
    """
    reference_usd = input_mtok * reference_input_usd_per_mtok + output_mtok * reference_output_usd_per_mtok
    if reference_usd == 0:
        return None
    ratio = fleet_usd / reference_usd
    return reference_input_usd_per_mtok * ratio, reference_output_usd_per_mtok * ratio
