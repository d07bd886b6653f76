"""Results of benchmark tools as measurements: `vllm bench serve`, GuideLLM, LLMPerf, AIPerf and genai-perf."""

from planner.probe.imports.merge import merged
from planner.probe.imports.read import read_result

__all__ = ["merged", "read_result"]
