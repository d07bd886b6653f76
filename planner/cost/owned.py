"""OWN-1 to OWN-3: hardware that is bought. Capital is an annuity here, or a flow at month 0 in the NPV; never both."""

from __future__ import annotations

import numpy as np

from planner.units import MONTHS_PER_YEAR, FloatArray, ceil_tol


def owned_servers(replicas: FloatArray | float, gpus_per_replica: int, gpus_per_server: int) -> FloatArray:
    """CAP-5: whole servers for whole replicas; a replica spans servers only when it is larger than one."""
    if gpus_per_replica <= gpus_per_server:
        return ceil_tol(replicas / (gpus_per_server // gpus_per_replica))
    return np.asarray(replicas * ceil_tol(gpus_per_replica / gpus_per_server), dtype=np.float64)


def annuity_usd_per_month(
    capex_usd: FloatArray | float,
    residual_usd: FloatArray | float,
    months: FloatArray | float,
    monthly_rate: FloatArray | float,
) -> FloatArray:
    """OWN-1: (C - S / (1 + i)^N) i / (1 - (1 + i)^-N), and (C - S) / N at rate 0; broadcasts.

    Its present value over N months, paid at month ends, is C less the present value of S.
    """
    rate = np.asarray(monthly_rate, dtype=np.float64)
    interest = -np.expm1(-months * np.log1p(rate))  # 1 - (1 + i)^-N, exact for small rates
    per_usd = np.where(rate == 0, 1 / np.asarray(months), rate / np.where(rate == 0, 1.0, interest))
    return np.asarray((capex_usd - residual_usd * (1 - interest)) * per_usd)


def straight_line_usd_per_month(
    capex_usd: FloatArray | float, residual_usd: FloatArray | float, months: FloatArray | float
) -> FloatArray:
    """OWN-1: (C - S) / N, the accountant's depreciation; shown, never used for the decision; broadcasts."""
    return np.asarray((capex_usd - residual_usd) / months, dtype=np.float64)


def book_value_usd(
    capex_usd: FloatArray | float,
    residual_usd: FloatArray | float,
    months: FloatArray | float,
    month: FloatArray | float,
) -> FloatArray:
    """OWN-1: straight-line value at the end of `month`, C at month 0 and S from month N on; broadcasts."""
    written_off = np.clip(np.asarray(month, dtype=np.float64) / months, 0, 1)
    return np.asarray(capex_usd * (1 - written_off) + residual_usd * written_off)


def power_kw(
    idle_kw: FloatArray | float, max_kw: FloatArray | float, utilisation_fraction: FloatArray | float
) -> FloatArray:
    """OWN-2: P_idle + u (P_max - P_idle), the mean draw at the plug; broadcasts."""
    return np.asarray(idle_kw + utilisation_fraction * (max_kw - idle_kw), dtype=np.float64)


def energy_usd_per_month(
    kw: FloatArray | float, pue: FloatArray | float, usd_per_kwh: FloatArray | float, hours: FloatArray | float
) -> FloatArray:
    """OWN-2: mean kW x PUE x tariff x the calendar's hours of the month; broadcasts."""
    return np.asarray(kw * pue * usd_per_kwh * hours, dtype=np.float64)


def colocation_usd_per_month(kw_provisioned: FloatArray | float, usd_per_kw_month: FloatArray | float) -> FloatArray:
    """OWN-3: rent of the provisioned kW, whatever is drawn; broadcasts."""
    return np.asarray(kw_provisioned * usd_per_kw_month, dtype=np.float64)


def maintenance_usd_per_month(capex_usd: FloatArray | float, fraction_per_year: FloatArray | float) -> FloatArray:
    """OWN-3: yearly share of the capital / 12; broadcasts."""
    return np.asarray(capex_usd * fraction_per_year / MONTHS_PER_YEAR, dtype=np.float64)


def balance_usd(
    capex_usd: FloatArray | float,
    residual_usd: FloatArray | float,
    months: FloatArray | float,
    monthly_rate: FloatArray | float,
    age_months: FloatArray | float,
) -> FloatArray:
    """OWN-1: capital not yet recovered by the annuity after `age_months`: C at 0, S at N; broadcasts.

    C (1 + i)^k - annuity ((1 + i)^k - 1) / i. Selling for this makes owning for k months cost the annuities exactly.
    """
    annuity = annuity_usd_per_month(capex_usd, residual_usd, months, monthly_rate)
    left = np.asarray(months, dtype=np.float64) - age_months
    rate = np.asarray(monthly_rate, dtype=np.float64)
    interest = -np.expm1(-left * np.log1p(rate))
    worth = np.where(rate == 0, left, interest / np.where(rate == 0, 1.0, rate))
    return np.asarray(annuity * worth + residual_usd * (1 - interest))
