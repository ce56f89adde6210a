"""A worker that kills itself once, between the record's commit and its answer to Temporal.

`DIES_AFTER` names the event with which the batch has to end.
"""

import os
import signal
import sys
from typing import Any

from temporalio import activity

import worker
from portal.activities.record import RecordActivity
from portal.workflows.messages import RecordAnswer, RecordBatch


class DyingRecorder(RecordActivity):
    """Records, and dies before it can say so."""

    @activity.defn(name="record")
    def record(self, batch: RecordBatch) -> RecordAnswer:
        """Record as usual; no answer leaves this process after the named event."""
        answer = super().record(batch)
        if batch.events[-1].kind == os.environ["DIES_AFTER"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


class DyingProcess(worker.Process):
    """The worker process, with that recorder."""

    def activities(self) -> list[Any]:
        """The dying recorder, and the real others."""
        return [DyingRecorder(self.engine).record, *super().activities()[1:]]


if __name__ == "__main__":
    worker.Process = DyingProcess  # type: ignore[misc]
    sys.exit(worker.main())
