"""Results in the forms of tools that no sample is at hand of, written from one load whose figures are known.

The load: 8 in flight, 40 requests of 200 + 50 tokens, 0.5 s to the first token and 49 of 10 ms, so 0.99 s an answer;
5 waves of it take 4.95 s, which is 2,000 tokens / 4.95 s = 404.04 tokens/s.
"""

from __future__ import annotations

from typing import Any

REQUESTS, IN_FLIGHT, PROMPT, ANSWER = 40, 8, 200, 50
TTFT_MS, TPOT_MS = 500.0, 10.0
E2E_MS = TTFT_MS + (ANSWER - 1) * TPOT_MS
DURATION_S = REQUESTS / IN_FLIGHT * E2E_MS / 1000
RATE = REQUESTS * ANSWER / DURATION_S
BEGAN_S = 1_763_805_600.0
"""2025-11-22 10:00:00 UTC."""


def distribution(value: float) -> dict[str, Any]:
    """As GuideLLM tells one, all requests alike."""
    points = ("p001", "p01", "p05", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p999")
    return {
        "mean": value,
        "median": value,
        "std_dev": 0.0,
        "count": REQUESTS,
        "percentiles": dict.fromkeys(points, value),
    }


def guidellm(streams: int = IN_FLIGHT, **strategy: Any) -> dict[str, Any]:
    """The report of 0.8."""
    told = {
        "request_latency": E2E_MS / 1000,
        "time_to_first_token_ms": TTFT_MS,
        "time_per_output_token_ms": E2E_MS / ANSWER,
        "inter_token_latency_ms": TPOT_MS,
        "prompt_token_count": float(PROMPT),
        "output_token_count": float(ANSWER),
        "output_tokens_per_second": RATE,
        "tokens_per_second": RATE * (PROMPT + ANSWER) / ANSWER,
        "request_concurrency": float(IN_FLIGHT),
    }
    metrics: dict[str, Any] = {name: {"successful": distribution(value)} for name, value in told.items()}
    metrics["request_totals"] = {"successful": REQUESTS, "errored": 0, "incomplete": 0, "total": REQUESTS}
    return {
        "metadata": {"version": 2, "guidellm_version": "0.8.1"},
        "benchmarks": [
            {
                "type_": "generative_benchmark",
                "config": {
                    "strategy": strategy or {"type_": "concurrent", "streams": streams},
                    "backend": {"model": "org/model-8b", "request_format": "/v1/chat/completions"},
                    "requests": {"data": "['prompt_tokens=200,output_tokens=50']"},
                },
                "start_time": BEGAN_S,
                "end_time": BEGAN_S + DURATION_S,
                "duration": DURATION_S,
                "metrics": metrics,
                "requests": {"successful": guidellm_requests(), "errored": [], "incomplete": []},
            }
        ],
    }


def guidellm_requests() -> list[dict[str, Any]]:
    """Each request of the load, five waves of eight, with texts that nobody may keep."""
    starts = [BEGAN_S + wave * E2E_MS / 1000 for wave in range(REQUESTS // IN_FLIGHT) for _ in range(IN_FLIGHT)]
    return [
        {
            "request_start_time": start,
            "request_end_time": start + E2E_MS / 1000,
            "time_to_first_token_ms": TTFT_MS,
            "inter_token_latency_ms": TPOT_MS,
            "output_tokens": ANSWER,
            "output": "SECRET ANSWER",
            "request_args": "SECRET QUESTION",
        }
        for start in starts
    ]


def guidellm_before_0_4() -> dict[str, Any]:
    """The report of 0.3: the load under `args`, times under `run_stats`, the model under `worker`."""
    report = guidellm()
    benchmark = report["benchmarks"][0]
    strategy = benchmark.pop("config")["strategy"]
    for name in ("start_time", "end_time", "duration", "requests"):
        benchmark.pop(name)
    benchmark["args"] = {"strategy": strategy, "profile": {"type_": "concurrent"}}
    benchmark["run_stats"] = {"start_time": BEGAN_S, "end_time": BEGAN_S + DURATION_S}
    benchmark["worker"] = {"backend_model": "org/model-8b"}
    benchmark["request_loader"] = {"data": '{"prompt_tokens": 200, "output_tokens": 50}'}
    return report


def llmperf() -> dict[str, Any]:
    """The summary, flat, some numbers as texts. Its latency per token is that of the whole answer."""
    told = {
        "ttft_s": TTFT_MS / 1000,
        "end_to_end_latency_s": E2E_MS / 1000,
        "inter_token_latency_s": E2E_MS / 1000 / ANSWER,
        "number_input_tokens": PROMPT,
        "number_output_tokens": ANSWER,
    }
    flat: dict[str, Any] = {}
    for name, value in told.items():
        flat |= {f"results_{name}_quantiles_p{p}": value for p in (25, 50, 75, 90, 95, 99)}
        flat |= {f"results_{name}_mean": value, f"results_{name}_stddev": 0.0}
        flat |= {f"results_{name}_min": str(value), f"results_{name}_max": str(value)}
    return {
        "version": "2023-08-31",
        "name": "org-model-8b_200_50_summary",
        "model": "org/model-8b",
        "mean_input_tokens": PROMPT,
        "stddev_input_tokens": 0,
        "mean_output_tokens": ANSWER,
        "stddev_output_tokens": 0,
        "num_concurrent_requests": IN_FLIGHT,
        "results_num_requests_started": REQUESTS,
        "results_error_rate": 0.0,
        "results_number_errors": 0,
        "results_error_code_frequency": "{}",
        "results_mean_output_throughput_token_per_s": RATE,
        "results_num_completed_requests": REQUESTS,
        "results_num_completed_requests_per_min": REQUESTS / DURATION_S * 60,
        "timestamp": int(BEGAN_S),
        **flat,
    }


def record(value: float, unit: str) -> dict[str, Any]:
    """As AIPerf tells a figure that every request has."""
    points = ("p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99")
    return {"unit": unit, "avg": value, "min": value, "max": value, "std": 0.0, **dict.fromkeys(points, value)}


def aiperf() -> dict[str, Any]:
    """AIPerf's export of form 1.3."""
    return {
        "schema_version": "1.3",
        "aiperf_version": "0.10.0",
        "request_throughput": {"unit": "requests/sec", "avg": REQUESTS / DURATION_S},
        "request_latency": record(E2E_MS, "ms"),
        "request_count": {"unit": "requests", "avg": float(REQUESTS)},
        "time_to_first_token": record(TTFT_MS, "ms"),
        "inter_token_latency": record(TPOT_MS, "ms"),
        "output_token_throughput": {"unit": "tokens/sec", "avg": RATE},
        "total_token_throughput": {"unit": "tokens/sec", "avg": RATE * (PROMPT + ANSWER) / ANSWER},
        "output_sequence_length": record(ANSWER, "tokens"),
        "input_sequence_length": record(PROMPT, "tokens"),
        "benchmark_duration": {"unit": "sec", "avg": DURATION_S},
        "total_isl": {"unit": "tokens", "avg": float(REQUESTS * PROMPT)},
        "total_osl": {"unit": "tokens", "avg": float(REQUESTS * ANSWER)},
        "input_config": {
            "models": {"items": [{"name": "org/model-8b"}]},
            "endpoint": {"urls": ["http://localhost:8000"], "type": "chat", "streaming": True},
            "phases": [
                {"name": "warmup", "type": "concurrency", "requests": 8, "concurrency": 3},
                {"name": "profiling", "type": "concurrency", "requests": REQUESTS, "concurrency": IN_FLIGHT},
            ],
        },
        "was_cancelled": False,
        "error_summary": [],
        "start_time": "2025-11-22T10:00:00.000000",
        "end_time": "2025-11-22T10:00:04.950000",
    }


def genai_perf() -> dict[str, Any]:
    """genai-perf's export: no date, no duration, the load beside the other arguments."""
    names = (
        "request_throughput",
        "request_latency",
        "request_count",
        "time_to_first_token",
        "inter_token_latency",
        "output_token_throughput",
        "output_sequence_length",
        "input_sequence_length",
    )
    kept = {name: figure for name, figure in aiperf().items() if name in names}
    config = {"model": ["org/model-8b"], "endpoint_type": "chat", "concurrency": IN_FLIGHT, "request_rate": None}
    return kept | {"input_config": config | {"streaming": True, "formatted_model_name": "org/model-8b"}}
