"""BigQuery through Google's own client. Sign-in is the environment's: `gcloud auth application-default login`, or a
service account's file in GOOGLE_APPLICATION_CREDENTIALS.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from google.api_core.exceptions import BadGateway, GoogleAPIError, RetryError, ServiceUnavailable
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from planner.usage.engines.address import Address
from planner.usage.engines.warehouse import Lost, Refused

NAMED = {"TIMESTAMP": "TIMESTAMP WITH TIME ZONE", "RECORD": "STRUCT"}
GONE = (ServiceUnavailable, BadGateway, RetryError, ConnectionError)


class BigQueryConnection:
    """One client of one project."""

    snapshot = False

    def __init__(self, address: Address, timeout_s: int) -> None:
        options = address.options
        config = bigquery.QueryJobConfig(use_legacy_sql=False, job_timeout_ms=timeout_s * 1000)
        if most := options.get("maximum_bytes_billed"):
            config.maximum_bytes_billed = int(most)
        if address.path:
            config.default_dataset = f"{address.parts.hostname}.{address.path[0]}"
        self._timeout_s = timeout_s
        self._client = self._asked(
            lambda: bigquery.Client(
                address.parts.hostname, location=options.get("location"), default_query_job_config=config
            )
        )

    def run(self, text: str) -> pa.Table:
        """Run one text."""
        job = self._asked(lambda: self._client.query(text))
        return self._asked(lambda: job.result(timeout=self._timeout_s).to_arrow(create_bqstorage_client=False))

    def columns(self, table: str) -> dict[str, str]:
        """As the table's schema has them; its TIMESTAMP is an instant."""
        found = self._asked(lambda: self._client.get_table(table.replace("`", "")))
        return {f.name: "LIST" if f.mode == "REPEATED" else NAMED.get(f.field_type, f.field_type) for f in found.schema}

    def close(self) -> None:
        """Let go of the client."""
        self._client.close()

    @staticmethod
    def _asked(work: Any) -> Any:
        try:
            return work()
        except GONE as error:
            raise Lost(str(error)) from error
        except (GoogleAPIError, GoogleAuthError) as error:
            raise Refused(str(error)) from error


def connect(address: Address, timeout_s: int) -> BigQueryConnection:
    """Open a client: `bigquery://project/dataset?location=EU&maximum_bytes_billed=100000000000`."""
    return BigQueryConnection(address, timeout_s)
