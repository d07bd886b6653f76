"""The workload as arrays over task classes: one place that turns requests a day into rates and totals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.domain.result import Demand
from planner.domain.workload import Workload
from planner.units import SECONDS_PER_DAY, FloatArray
from planner.workload.profile import generated_profile, normalised


class ClassArrays(NamedTuple):
    """Per task class, shape (classes,), at volume multiplier 1."""

    requests_per_day: FloatArray
    fresh_tokens: FloatArray
    cached_tokens: FloatArray
    write_tokens: FloatArray
    generated_tokens: FloatArray
    batch_fraction: FloatArray

    @property
    def prompt_tokens(self) -> FloatArray:
        """Whole prompt per request."""
        return self.fresh_tokens + self.cached_tokens + self.write_tokens

    def in_tokens_of(self, input_ratio: float, output_ratio: float) -> ClassArrays:
        """API-8: the same requests counted by another tokenizer."""
        if input_ratio == 1 and output_ratio == 1:
            return self
        return self._replace(
            fresh_tokens=self.fresh_tokens * input_ratio,
            cached_tokens=self.cached_tokens * input_ratio,
            write_tokens=self.write_tokens * input_ratio,
            generated_tokens=self.generated_tokens * output_ratio,
        )

    @property
    def tokens_per_day(self) -> float:
        """Prompt and generated tokens of all classes."""
        return float(np.sum(self.requests_per_day * (self.prompt_tokens + self.generated_tokens)))


def class_arrays(workload: Workload) -> ClassArrays:
    """The classes as arrays, without the what-if multiplier."""
    rows = [
        (
            c.requests_per_day,
            c.fresh_input_tokens,
            c.cached_input_tokens,
            c.cache_write_tokens,
            c.generated_tokens,
            c.batch_fraction,
        )
        for c in workload.classes
    ]
    return ClassArrays(*np.asarray(rows, dtype=np.float64).T)


def demand(workload: Workload) -> Demand:
    """Totals a day at the workload's own multiplier, and the busiest hour (CAP-2)."""
    arrays = class_arrays(workload)
    per_day = arrays.requests_per_day * workload.volume_multiplier
    requests = float(np.sum(per_day))
    input_tokens = float(np.sum(per_day * arrays.prompt_tokens))
    output_tokens = float(np.sum(per_day * arrays.generated_tokens))
    return Demand(
        requests_per_day=requests,
        input_tokens_per_day=input_tokens,
        cached_input_tokens_per_day=float(np.sum(per_day * arrays.cached_tokens)),
        output_tokens_per_day=output_tokens,
        tokens_per_day=input_tokens + output_tokens,
        peak_requests_per_s=requests * workload.peak_ratio / SECONDS_PER_DAY,
        volume_multiplier=workload.volume_multiplier,
    )


def load_profile(workload: Workload) -> FloatArray:
    """Hourly weights with mean 1 and the workload's peak: as given, else generated from the peak (an assumed shape)."""
    return normalised(workload.hourly_profile) if workload.hourly_profile else generated_profile(workload.peak_ratio)


def mean_shape(arrays: ClassArrays, prefix_cache_hit_fraction: float = 0.0) -> tuple[float, float]:
    """Request-weighted mean (prompt tokens to compute, generated tokens); the plain mean at zero volume."""
    weights = arrays.requests_per_day if arrays.requests_per_day.sum() > 0 else np.ones_like(arrays.requests_per_day)
    computed = arrays.prompt_tokens - prefix_cache_hit_fraction * arrays.cached_tokens
    return float(np.average(computed, weights=weights)), float(np.average(arrays.generated_tokens, weights=weights))
