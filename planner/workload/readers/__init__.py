"""One module per usage format; a new format is one module here, a line in READERS, a sample file and a test."""

from planner.workload.readers.anthropic import ANTHROPIC_USAGE_API, ANTHROPIC_USAGE_CSV
from planner.workload.readers.anthropic_cost import ANTHROPIC_COST_API, ANTHROPIC_COST_CSV
from planner.workload.readers.azure_metrics import AZURE_METRICS, AZURE_METRICS_TABLE
from planner.workload.readers.base import Reader
from planner.workload.readers.bedrock import BEDROCK, BEDROCK_WRAPPED
from planner.workload.readers.databricks import DATABRICKS, DATABRICKS_GATEWAY
from planner.workload.readers.focus import FOCUS
from planner.workload.readers.helicone import HELICONE
from planner.workload.readers.langfuse import LANGFUSE
from planner.workload.readers.litellm import LITELLM, LITELLM_DAILY
from planner.workload.readers.openai_cost import OPENAI_COST_API, OPENAI_COST_CSV
from planner.workload.readers.openai_usage import OPENAI_EMPTY, OPENAI_USAGE_API, OPENAI_USAGE_CSV
from planner.workload.readers.otel import OTEL_TABLE
from planner.workload.readers.otlp import OTLP
from planner.workload.readers.plain import PLAIN, PLAIN_BUCKETS
from planner.workload.readers.servegen import SERVEGEN
from planner.workload.readers.traces import AZURE_TRACE, BURSTGPT, MOONCAKE
from planner.workload.readers.vertex import VERTEX
from planner.workload.readers.vllm_metrics import VLLM_METRICS

READERS: tuple[Reader, ...] = (
    OPENAI_USAGE_API,
    OPENAI_USAGE_CSV,
    OPENAI_COST_API,
    OPENAI_COST_CSV,
    OPENAI_EMPTY,
    ANTHROPIC_USAGE_API,
    ANTHROPIC_USAGE_CSV,
    ANTHROPIC_COST_API,
    ANTHROPIC_COST_CSV,
    LITELLM,
    LITELLM_DAILY,
    LANGFUSE,
    HELICONE,
    OTLP,
    OTEL_TABLE,
    BEDROCK,
    BEDROCK_WRAPPED,
    AZURE_METRICS,
    AZURE_METRICS_TABLE,
    VERTEX,
    DATABRICKS,
    DATABRICKS_GATEWAY,
    FOCUS,
    VLLM_METRICS,
    AZURE_TRACE,
    SERVEGEN,
    MOONCAKE,
    BURSTGPT,
    PLAIN_BUCKETS,
    PLAIN,
)
"""Every format, the more special one first."""
