"""A backfill of the first import as the UI starts it, and what became of its runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.composed import Composed

ASSET = "customers_import"
_PARTITIONS = """
query($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) { ... on AssetNode { partitionKeys } }
}
"""
_LAUNCH = """
mutation($given: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $given) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_LOOK = """
query($id: String!, $runs: RunsFilter!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
  runsOrError(filter: $runs) { ... on Runs { results { status startTime endTime } } }
}
"""
_ENDED = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "COMPLETED", "FAILED", "CANCELED")


@dataclass(frozen=True)
class Seen:
    """A backfill at one moment. `runs`: how many of each status; times in seconds since 1970."""

    status: str
    runs: Counter[str]
    first_start: float | None
    last_end: float | None

    @property
    def marked_done(self) -> bool:
        return self.status in _ENDED

    @property
    def runs_ended(self) -> bool:
        """Whether there were runs, and none waits or is at work."""
        return bool(self.runs) and not set(self.runs) - {"SUCCESS", "FAILURE", "CANCELED"}


class Backfill:
    """One that was launched. `launched`: when, in seconds since 1970."""

    def __init__(self, services: Composed, partitions: Sequence[str]) -> None:
        self._services = services
        self.launched = time.time()
        given = {"assetSelection": [{"path": [ASSET]}], "partitionNames": list(partitions)}
        said = services.ask(_LAUNCH, given=given)["launchPartitionBackfill"]
        if "backfillId" not in said:
            raise RuntimeError(f"The backfill was not launched: {said}")
        self._id = said["backfillId"]

    def look(self) -> Seen:
        tags = {"tags": [{"key": "dagster/backfill", "value": self._id}]}
        said = self._services.ask(_LOOK, id=self._id, runs=tags)
        runs: list[dict[str, Any]] = said["runsOrError"]["results"]
        starts = [run["startTime"] for run in runs if run["startTime"]]
        ends = [run["endTime"] for run in runs if run["endTime"]]
        return Seen(
            said["partitionBackfillOrError"]["status"],
            Counter(run["status"] for run in runs),
            min(starts, default=None),
            max(ends, default=None),
        )

    def wait(
        self,
        until: Callable[[Seen], bool],
        seconds: float,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Seen:
        """Look again and again. Raises TimeoutError with what was seen last."""
        deadline = time.monotonic() + seconds
        while not until(seen := self.look()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The backfill after {seconds:.0f} s: {seen}")
            meanwhile()
            time.sleep(0.5)
        return seen


def partitions(services: Composed) -> list[str]:
    """Give the partitions of the import, oldest first."""
    said = services.ask(_PARTITIONS, key={"path": [ASSET]})
    keys: list[str] = said["assetNodeOrError"]["partitionKeys"]
    return keys
