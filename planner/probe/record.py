"""The document of a probe while it grows: runs as they end, and the measurement that they make."""

from __future__ import annotations

import datetime as dt
import os

from planner import __version__
from planner.capacity.measurement.outcome import Counters
from planner.capacity.measurement.run import Asked, Seen, run_of
from planner.capacity.measurement.summary import finished
from planner.domain.measured_run import Run
from planner.domain.measurement import Declared, Measurement, ProbedShape, ProbingClient
from planner.domain.probe_task import ProbeTask
from planner.probe.load import Held
from planner.probe.plan import Step
from planner.probe.target import Looked

ENDING_CHARACTERS = 200


class Record:
    """What one probe measured so far."""

    def __init__(self, task: ProbeTask, declared: Declared) -> None:
        self._task, self._declared = task, declared
        self._id = os.urandom(8).hex()
        self._started = _now()
        self._fingerprint = ""
        self.runs: list[Run] = []
        self.so_far: Measurement | None = None

    def add(
        self,
        looked: Looked,
        step: Step,
        held: Held,
        before: Counters | None,
        after: Counters | None,
        peaks: Counters | None,
    ) -> Measurement:
        """A run that ended, whole or not."""
        self._fingerprint = next((o.fingerprint for o in held.outcomes if o.fingerprint), self._fingerprint)
        seen = Seen(
            outcomes=held.outcomes,
            duration_s=held.duration_s,
            before=before,
            after=after,
            peaks=peaks,
            client_cpu_s=held.client_cpu_s,
            same_host=looked.same_host,
            stopped=held.stopped,
        )
        self.runs.append(run_of(self._asked(looked, step, held), seen))
        self.so_far = self.measurement(looked, "")
        return self.so_far

    def _asked(self, looked: Looked, step: Step, held: Held) -> Asked:
        closed = step.rate_per_s is None
        return Asked(
            kind="closed" if closed else "open",
            requests_in_flight=step.level if closed else _mean_in_flight(held),
            request_rate_per_s=step.rate_per_s,
            repeat=step.repeat,
            order=len(self.runs) + 1,
            input_tokens=self._task.input_tokens,
            output_tokens=self._task.output_tokens,
            max_model_len=looked.server.max_model_len,
            full_length=looked.manner.ignore_eos,
            started_at=_now() - dt.timedelta(seconds=held.duration_s),
        )

    def measurement(self, looked: Looked, ending: str) -> Measurement:
        """The document with all runs so far; `ending` says why there are no more."""
        task, manner = self._task, looked.manner
        fingerprint = self._fingerprint or looked.server.fingerprint
        return finished(
            Measurement(
                measurement_id=self._id,
                origin="probe",
                program_version=__version__,
                started_at=self._started,
                finished_at=_now(),
                server=looked.server.model_copy(update={"fingerprint": fingerprint}),
                declared=self._declared,
                shape=ProbedShape(
                    input_tokens_asked=task.input_tokens,
                    output_tokens_asked=task.output_tokens,
                    prompt_kind=manner.prompts,
                    ignore_eos=manner.ignore_eos,
                    temperature=manner.temperature,
                    endpoint=manner.path,
                ),
                client=ProbingClient(
                    program=f"planner {__version__}", cpu_count=os.cpu_count(), same_host=looked.same_host
                ),
                target_ttft_p95_ms=task.ttft_p95_ms,
                target_tpot_p95_ms=task.tpot_p95_ms,
                runs=tuple(self.runs),
                stopped=ending[:ENDING_CHARACTERS],
                flags=looked.flags,
            )
        )


def _mean_in_flight(held: Held) -> float:
    busy_s = sum(outcome.ended_s - outcome.sent_s for outcome in held.outcomes)
    return max(busy_s / held.duration_s, 1e-3)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
