"""Which exports are understood, and how one gets each of them."""

from __future__ import annotations

import streamlit as st

from planner.decision.present_tables import Column, Table
from planner.web.tables import html_table
from planner.web.usage_words import grain_word
from planner.workload.readers import READERS
from planner.workload.readers.base import Reader

CONVENTION = {True: "inside input", False: "beside input", None: "not told"}
HOW_TO = {
    "openai_usage_api": "GET /v1/organization/usage/completions with an admin key, bucket_width=1m and group_by=model; "
    "save every page.",
    "openai_usage_csv": "Usage page of the platform: Export, usage, by the minute, grouped by model.",
    "openai_cost_api": "GET /v1/organization/costs with an admin key and group_by=line_item; save every page.",
    "openai_cost_csv": "Usage page of the platform: Export, cost.",
    "anthropic_usage_api": "GET /v1/organizations/usage_report/messages with an admin key, bucket_width=1m and "
    "group_by[]=model; save every page.",
    "anthropic_usage_csv": "Usage page of the Console: Export.",
    "anthropic_cost_api": "GET /v1/organizations/cost_report with an admin key; save every page.",
    "anthropic_cost_csv": "Cost page of the Console: Export.",
    "litellm": 'Query "LiteLLM_SpendLogs" as CSV without its columns messages and response, or read it where it lies.',
    "litellm_daily": 'Query "LiteLLM_DailyUserSpend" as CSV.',
    "langfuse": "Project settings, Integrations, Blob storage export; or Export of the observations table.",
    "helicone": "Requests page: Export; or the export tool of its repository.",
    "otel": "File exporter of the collector: one OTLP document per line.",
    "otel_table": "The table of spans of your backend, as Parquet or CSV.",
    "bedrock": "Turn on model invocation logging to S3, and take its files (.json.gz) as they are.",
    "bedrock_cloudwatch": "aws logs filter-log-events on the log group of model invocation logging.",
    "azure_metrics": "az monitor metrics list with --interval PT1M --aggregation Total and a filter on "
    "ModelDeploymentName and ModelName.",
    "azure_metrics_table": "Query AzureMetrics in Log Analytics, export as CSV.",
    "vertex": "Turn on request-response logging to BigQuery, export the table as JSON lines or Parquet.",
    "databricks": "Query system.serving.endpoint_usage with its join, download as CSV or write as Parquet.",
    "databricks_gateway": "Query system.ai_gateway.usage, download as CSV or write as Parquet.",
    "focus": "The FOCUS export of your cloud's billing: CSV or Parquet.",
    "vllm_metrics": "Save /metrics once a minute with the time of each scrape; or a range query of Prometheus.",
    "azure_trace": "Public data: the CSV files of its repository.",
    "servegen": "Public data: the client files of its repository.",
    "mooncake": "Public data: the JSON lines of its repository.",
    "burstgpt": "Public data: the CSV files of its repository.",
    "plain_buckets": "Any query of your own with these columns.",
    "plain": "Any query of your own with these columns: CSV, JSON lines or Parquet.",
}
"""Reader -> how its export is had."""


def formats_panel() -> None:
    """The list, folded."""
    with st.expander(
        "Which formats are understood, and how to export them", key="usage-formats", on_change="rerun"
    ) as box:
        if box.open:
            st.markdown(
                "The format is recognised from the file. Any other table can be read by saying which column is which. "
                "Files may be packed with gzip or Zstandard."
            )
            st.html(html_table(format_rows()))


def listed() -> tuple[Reader, ...]:
    """Formats that hold usage; one that never does is known only to say so."""
    return tuple(reader for reader in READERS if not reader.about.nothing)


def format_rows() -> Table:
    """One row per format."""
    columns = (
        "Format",
        "How to export it",
        "A row is",
        "Cached tokens",
        "Field names held against",
        "Note",
        "Described at",
    )
    rows = tuple(
        (
            about.title,
            HOW_TO.get(about.reader_id, ""),
            grain_word(about.grain),
            CONVENTION[about.cached_inside_input],
            about.checked,
            about.note,
            about.source_url,
        )
        for about in (reader.about for reader in listed())
    )
    return Table("Formats", tuple(Column(name) for name in columns), rows)
