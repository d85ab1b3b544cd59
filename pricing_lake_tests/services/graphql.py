"""A client for what the tests ask of a running Dagster, through the same GraphQL that its pages use."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import urllib3

LOCATIONS = """query { workspaceOrError { ... on Workspace { locationEntries {
    loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
DAEMONS = "query { instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"
LAUNCH = """mutation ($backfill: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $backfill) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status runs { id status } error { message } } } }"""
ASSET = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    partitionKeys
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } }
    assetChecksOrError { ... on AssetChecks { checks {
        name partitionStatuses { ... on AssetCheckTimePartitionStatuses { ranges { status startKey endKey } } } } } }
} } }"""
SENSORS = """query ($repository: RepositorySelector!) { sensorsOrError(repositorySelector: $repository) {
    ... on Sensors { results { name sensorState { status ticks(limit: 5) { status error { message } } } } } } }"""
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "pricing_lake.definitions"}
FINISHED = ("COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED")

Found = TypeVar("Found")


@dataclass(frozen=True)
class Dagster:
    """A Dagster webserver at `url`. Assets are named `layer/name`."""

    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `data` of an answer. Raises urllib3's HTTPError when nobody answers, RuntimeError for a refused query."""
        answer = urllib3.request(
            "POST", f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30, retries=False
        )
        body: dict[str, Any] = answer.json()
        if "errors" in body:
            raise RuntimeError(f"Dagster refused the query: {body['errors'][0]['message']}")
        data: dict[str, Any] = body["data"]
        return data

    def is_loaded(self) -> bool:
        """Whether the code location is up. Raises RuntimeError when its code cannot be loaded."""
        entries = self.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
        found = [entry["locationOrLoadError"] for entry in entries if entry["loadStatus"] == "LOADED"]
        for location in found:
            if location["__typename"] != "RepositoryLocation":
                raise RuntimeError(f"the code location cannot be loaded: {location['message']}")
        return bool(found)

    def daemons(self) -> dict[str, bool]:
        """Whether each daemon that has to run is well."""
        statuses = self.ask(DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return {status["daemonType"]: bool(status["healthy"]) for status in statuses if status["required"]}

    def launch_backfill(self, assets: Iterable[str], partitions: Sequence[str]) -> str:
        """Start what a click on "Materialize" with these partitions starts; returns the backfill's id."""
        selection = [{"path": asset.split("/")} for asset in assets]
        backfill = {"assetSelection": selection, "partitionNames": list(partitions)}
        launched = self.ask(LAUNCH, backfill=backfill)["launchPartitionBackfill"]
        if "backfillId" not in launched:
            raise RuntimeError(f"no backfill was launched: {launched}")
        return str(launched["backfillId"])

    def finish_backfill(self, backfill: str, within_seconds: float) -> str:
        """Wait for the end of a backfill; returns its status."""

        def final_status() -> str | None:
            status = str(self.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]["status"])
            return status if status in FINISHED else None

        return wait_for(final_status, within_seconds, f"the end of backfill {backfill}")

    def partitions(self, asset: str) -> dict[str, str]:
        """Status of each partition of an asset that has one: MATERIALIZED, FAILED or MATERIALIZING."""
        node = self._asset(asset)
        return _by_partition(node["partitionKeys"], node["assetPartitionStatuses"]["ranges"])

    def verdicts(self, asset: str, check: str) -> dict[str, str]:
        """Status of each partition of a check that has one, as its Partitions page shows it."""
        node = self._asset(asset)
        checks = {found["name"]: found for found in node["assetChecksOrError"]["checks"]}
        return _by_partition(node["partitionKeys"], checks[check]["partitionStatuses"]["ranges"])

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """The latest ticks of a sensor, newest first."""
        sensors = self.ask(SENSORS, repository=REPOSITORY)["sensorsOrError"]["results"]
        [state] = [found["sensorState"] for found in sensors if found["name"] == sensor]
        ticks: list[dict[str, Any]] = state["ticks"]
        return ticks

    def _asset(self, asset: str) -> dict[str, Any]:
        node: dict[str, Any] = self.ask(ASSET, key={"path": asset.split("/")})["assetNodeOrError"]
        return node


def wait_for(look: Callable[[], Found | None], within_seconds: float, what: str) -> Found:
    """The first thing that `look` finds, looking twice a second. Raises TimeoutError naming `what` was awaited."""
    deadline = time.monotonic() + within_seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within_seconds:.0f} s for {what} in vain")
        time.sleep(0.5)


def _by_partition(keys: Sequence[str], ranges: Iterable[dict[str, str]]) -> dict[str, str]:
    statuses: dict[str, str] = {}
    for stretch in ranges:
        first, last = keys.index(stretch["startKey"]), keys.index(stretch["endKey"])
        statuses |= dict.fromkeys(keys[first : last + 1], stretch["status"])
    return statuses
