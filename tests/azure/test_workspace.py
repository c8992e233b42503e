"""The Workspace port: real SDK clients, real tokens, over HTTP."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from azure.identity.aio import ManagedIdentityCredential
from scipy.spatial.distance import jensenshannon

from bot.azure import AzureMover, AzureWorkspace
from bot.azure.blobs import rows
from bot.azure.cloud import Cloud
from bot.azure.ml import Place, Side
from bot.azure.queries import QUERIES
from bot.ports import Impossible, Unavailable
from bot.simulator.identity import READER
from bot.simulator.scenarios._applicants import SHIFTED
from bot.simulator.scenarios._workspace import ACCOUNT, CONTAINER, LOG_WORKSPACE
from bot.watch import Endpoint
from tests.azure.conftest import ARM, FIXTURES, Sim

NOW = datetime.now(UTC)
HOUR = (NOW - timedelta(hours=1), NOW)


async def test_state_tells_traffic_deployments_and_models(
    workspace: AzureWorkspace,
) -> None:
    """
    An approver sees these names; they must be those that people use.
    """
    state = await workspace.state(ARM)

    assert {"blue": 90, "green": 10} == dict(state.traffic)
    assert [
        ("blue", "loan-prescreening:14", 3),
        ("green", "loan-prescreening:13", 2),
    ] == [(d.name, d.model, d.instances) for d in state.deployments]
    assert "Succeeded" == state.provisioning_state
    assert "Priya Raman" == state.tags["owner"]


async def test_the_digest_follows_every_change_and_nothing_else(
    workspace: AzureWorkspace, mover: AzureMover, sim: Sim
) -> None:
    """
    A rollback is bound to the digest: two readers must agree on it.
    """
    first, again = await workspace.state(ARM), await mover.state(ARM)
    await sim.post("/sim/azure/endpoints", tags={"ticket": "CHG-1"})
    changed = await workspace.state(ARM)

    assert first.digest == again.digest
    assert first.digest != changed.digest


async def test_windows_are_the_rows_the_monitor_compares(
    workspace: AzureWorkspace, watched: Endpoint
) -> None:
    """
    Monitor, assets, data store and blobs: the whole chain, as Azure ML follows it.
    """
    windows = await workspace.windows(watched, datetime.now(UTC))

    assert (60_000, 23) == windows.reference.shape
    # A file an hour: one may just have begun, or its file have been written meanwhile.
    assert windows.production.num_rows in (23_000, 24_000, 25_000)
    assert windows.reference.schema.equals(windows.production.schema)
    assert "loan-reference:1" == windows.reference_name
    assert "loan-inputs:1" == windows.production_name
    assert windows.reference_window is None
    assert windows.production_window is not None
    start, end = windows.production_window
    assert timedelta(days=1) == end - start


async def test_the_window_leaves_old_hours_out(
    workspace: AzureWorkspace, watched: Endpoint
) -> None:
    """
    "No data" must come out as no rows, so that nobody takes it for "no drift".
    """
    windows = await workspace.windows(watched, datetime.now(UTC) + timedelta(days=3))

    assert 0 == windows.production.num_rows
    assert 60_000 == windows.reference.num_rows


async def test_a_monitor_that_is_gone_is_named(
    workspace: AzureWorkspace, watched: Endpoint
) -> None:
    with pytest.raises(Impossible, match="knows nothing of the monitor weekly"):
        await workspace.windows(
            watched.model_copy(update={"monitor": "weekly"}), datetime.now(UTC)
        )


async def test_an_answer_that_is_no_blob_is_named(
    workspace: AzureWorkspace, watched: Endpoint, sim: Sim
) -> None:
    """
    A proxy's login page must not end in a stack trace.
    """
    await sim.fail("GET", r"/blob/.*\.parquet", status=200)

    with pytest.raises(Unavailable, match=r"the data loan-.* cannot be read"):
        await workspace.windows(watched, datetime.now(UTC))


async def test_half_a_file_is_named(
    cloud: Cloud,
    identities: dict[str, ManagedIdentityCredential],
    folder: Path,
    sim: Sim,
) -> None:
    """
    Rows that are not all of the rows must never be compared.
    """
    place = Place(ACCOUNT, "core.windows.net", CONTAINER, "broken/")
    path = folder / "blobs" / ACCOUNT / CONTAINER / "broken" / "a.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PAR1 and no more")

    with pytest.raises(Impossible, match="odd:1 are not Parquet"):
        await rows(cloud, identities[READER], Side("odd:1", place, None))


async def test_what_the_data_collector_wrote_is_read(
    cloud: Cloud,
    identities: dict[str, ManagedIdentityCredential],
    folder: Path,
    sim: Sim,
) -> None:
    """
    Azure ML's collector writes JSON lines; taking only Parquet made its data "empty".
    """
    captured = next((FIXTURES.parent / "collector").rglob("*.jsonl")).read_bytes()
    base = folder / "blobs" / ACCOUNT / CONTAINER / "collected" / "2026" / "11" / "23"
    for hour, content in (
        ("01", captured),
        ("02", captured + b"{torn\n"),
        ("09", captured),
    ):
        (base / hour).mkdir(parents=True, exist_ok=True)
        (base / hour / "instance.jsonl").write_bytes(content)
    place = Place(ACCOUNT, "core.windows.net", CONTAINER, "collected/")
    start = datetime(2026, 11, 23, 1, tzinfo=UTC)
    window = (start, start + timedelta(hours=2))

    found = await rows(cloud, identities[READER], Side("inputs:1", place, window))

    each = found.table.num_rows // 2
    assert each > 0
    assert ((start, each), (start + timedelta(hours=1), each)) == found.hours
    assert any("line" in note for note in found.findings), found.findings
    (base / "01" / "instance.jsonl").write_bytes(b"\x00\xff")
    bad = Side("inputs:1", place, (start, start + timedelta(minutes=30)))
    with pytest.raises(Impossible, match="inputs:1 cannot be read as rows"):
        await rows(cloud, identities[READER], bad)


async def test_health_of_the_endpoint_and_of_a_deployment(
    workspace: AzureWorkspace,
) -> None:
    whole = await workspace.health(ARM, "", *HOUR)
    blue = await workspace.health(ARM, "blue", *HOUR)

    assert whole.requests is not None
    assert blue.requests == pytest.approx(whole.requests * 0.9, rel=0.01)
    assert whole.latency_p95_ms == pytest.approx(183, rel=0.05)
    assert blue.error_rate == pytest.approx(0.0009, rel=0.1)
    assert blue.availability == pytest.approx(0.9991, abs=0.0005)
    assert "blue" == blue.deployment


async def test_health_shows_what_went_wrong(
    workspace: AzureWorkspace, sim: Sim
) -> None:
    await sim.post(
        "/sim/azure/metrics", deployment="blue", latency=3, errors=0.08, since_min=90
    )

    blue = await workspace.health(ARM, "blue", *HOUR)
    green = await workspace.health(ARM, "green", *HOUR)

    assert blue.latency_p95_ms == pytest.approx(552, rel=0.05)
    assert blue.error_rate == pytest.approx(0.08, rel=0.05)
    assert green.error_rate == pytest.approx(0.0009, rel=0.1)


async def test_series_split_by_a_dimension(workspace: AzureWorkspace) -> None:
    found = await workspace.series(
        ARM,
        "RequestsPerMinute",
        *HOUR,
        interval=timedelta(minutes=5),
        aggregation="Average",
        split_by="deployment",
    )

    assert [{"deployment": "blue"}, {"deployment": "green"}] == [
        dict(s.dimensions) for s in found
    ]
    assert all(len(s.times) == len(s.values) >= 11 for s in found)
    assert all(t.tzinfo is not None for s in found for t in s.times)


@pytest.mark.parametrize(
    ("metric", "aggregation", "split_by"),
    [
        ("NoSuchMetric", "Average", ""),
        ("RequestLatency", "Median", ""),
        ("RequestLatency", "Average", "moon"),
        ("Requests' or '1", "Average", ""),
    ],
)
async def test_a_metric_that_is_not_there_is_impossible(
    workspace: AzureWorkspace, metric: str, aggregation: str, split_by: str
) -> None:
    with pytest.raises(Impossible):
        await workspace.series(
            ARM,
            metric,
            *HOUR,
            interval=timedelta(minutes=1),
            aggregation=aggregation,
            split_by=split_by,
        )


VALUES = {
    "endpoint": "loan-prescreening",
    "resource": ARM,
    "monitor": "loan-drift-daily",
}


@pytest.mark.parametrize("name", sorted(QUERIES))
async def test_every_query_is_answered(workspace: AzureWorkspace, name: str) -> None:
    values = {p: VALUES[p] for p in QUERIES[name].parameters}

    found = await workspace.query(LOG_WORKSPACE, name, values, *HOUR)

    assert found.rows
    assert "" == found.partial
    assert all(len(row) == len(found.columns) for row in found.rows)


async def test_nan_is_no_figure(workspace: AzureWorkspace) -> None:
    """
    Kusto sends NaN as a string in a column of numbers.
    """
    found = await workspace.query(
        LOG_WORKSPACE,
        "requests_by_status",
        {"endpoint": "loan-prescreening"},
        *HOUR,
    )

    p95 = {row[1]: row[3] for row in found.rows if row[0] == "blue"}
    assert p95[200] == pytest.approx(184, rel=0.06)
    assert p95[503] is None


async def test_a_partial_answer_says_so(workspace: AzureWorkspace, sim: Sim) -> None:
    await sim.post("/sim/azure/logs", partial="64 MB are the limit")
    values = {"monitor": "loan-drift-daily"}

    found = await workspace.query(LOG_WORKSPACE, "monitor_runs", values, *HOUR)

    assert "64 MB are the limit" in found.partial
    assert found.rows


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("drop_tables", {}),
        ("monitor_runs", {}),
        ("monitor_runs", {"monitor": 'x"; AzureActivity'}),
        ("monitor_runs", {"monitor": "x", "endpoint": "y"}),
        ("monitor_runs", {"monitor": "x\n| union *"}),
    ],
)
async def test_nothing_but_our_own_queries_is_sent(
    workspace: AzureWorkspace, sim: Sim, name: str, values: dict[str, str]
) -> None:
    with pytest.raises(Impossible):
        await workspace.query(LOG_WORKSPACE, name, values, *HOUR)

    assert [] == sim.seen("POST", "/v1/workspaces")


async def test_the_reader_only_reads(workspace: AzureWorkspace, sim: Sim) -> None:
    """
    The reader's identity is the one that talks to the internet all day.
    """
    await workspace.state(ARM)

    assert {"reader"} == {r["principal"] for r in sim.seen("GET", "onlineendpoints")}
    assert [] == sim.seen("PUT")


@pytest.mark.parametrize(
    ("fault", "words", "wait"),
    [
        ({"status": 429, "headers": {"Retry-After": "17"}}, "limiting", 17),
        ({"status": 503, "headers": {"Retry-After": "4"}}, "status 503", 4),
        ({"status": 500}, "status 500", None),
        ({"status": 408}, "status 408", None),
        ({"drop": "before"}, "does not answer", None),
    ],
)
async def test_what_passes_is_unavailable(
    workspace: AzureWorkspace,
    sim: Sim,
    fault: dict[str, object],
    words: str,
    wait: int | None,
) -> None:
    """
    The worker backs off by itself; all it needs is how long Azure wants to be left.
    """
    await sim.fail("GET", "onlineendpoints", times=4, **fault)

    with pytest.raises(Unavailable, match=words) as caught:
        await workspace.state(ARM)

    expected = None if wait is None else timedelta(seconds=wait)
    assert expected == caught.value.retry_after


@pytest.mark.parametrize(
    ("path", "status"), [("metrics", 429), ("/v1/workspaces", 429), ("/blob/", 503)]
)
async def test_every_client_gives_up_at_once(
    workspace: AzureWorkspace, watched: Endpoint, sim: Sim, path: str, status: int
) -> None:
    """
    An SDK that sleeps for its own retries would hold the worker, and hide Retry-After.
    """
    headers = {"Retry-After": "9"}
    await sim.fail("", path, times=1, status=status, headers=headers)

    async def call() -> object:
        if path == "metrics":
            return await workspace.health(ARM, "", *HOUR)
        if path == "/blob/":
            return await workspace.windows(watched, datetime.now(UTC))
        values = {"monitor": "loan-drift-daily"}
        return await workspace.query(LOG_WORKSPACE, "monitor_runs", values, *HOUR)

    with pytest.raises(Unavailable) as caught:
        await call()

    assert timedelta(seconds=9) == caught.value.retry_after


@pytest.mark.parametrize("status", [500, 429, 404])
async def test_without_an_identity_it_says_so(
    workspace: AzureWorkspace, sim: Sim, status: int
) -> None:
    await sim.fail("GET", "/msi/token", times=9, status=status)

    with pytest.raises(Unavailable, match="identity"):
        await workspace.state(ARM)


async def test_what_is_not_there_is_impossible(workspace: AzureWorkspace) -> None:
    with pytest.raises(Impossible, match="knows nothing of the endpoint nowhere"):
        await workspace.state(ARM.replace("loan-prescreening", "nowhere"))


async def test_no_right_is_impossible(workspace: AzureWorkspace, sim: Sim) -> None:
    await sim.fail("GET", "schedules", status=403)
    loan = Endpoint(id=ARM, owner="x", channel="y", monitor="loan-drift-daily")

    with pytest.raises(Impossible, match="may not"):
        await workspace.windows(loan, datetime.now(UTC))


async def test_shifted_columns_shift_and_no_other(
    workspace: AzureWorkspace, watched: Endpoint
) -> None:
    """
    The demo's story must be true in its data: six columns move, seventeen do not.
    """
    windows = await workspace.windows(watched, datetime.now(UTC))

    moved = {
        name
        for name in windows.reference.column_names
        if _distance(windows.reference[name], windows.production[name]) > 0.08
    }
    assert set(SHIFTED) == moved


def _distance(one: pa.ChunkedArray, other: pa.ChunkedArray) -> float:
    a, b = one.drop_null(), other.drop_null()
    if pa.types.is_string(a.type):
        names = sorted(set(a.to_pylist()) | set(b.to_pylist()))
        return float(jensenshannon(*([_share(c, n) for n in names] for c in (a, b))))
    edges = np.histogram_bin_edges(a.to_numpy(), 15)
    edges[0], edges[-1] = -np.inf, np.inf
    return float(jensenshannon(*(np.histogram(c.to_numpy(), edges)[0] for c in (a, b))))


def _share(column: pa.ChunkedArray, name: str) -> float:
    return float(column.to_pylist().count(name) / len(column))


def test_the_simulated_metrics_are_azures() -> None:
    """
    Names, units and dimensions come from Azure's reference, not from memory.
    """
    from bot.simulator.azure.figures import METRICS  # noqa: PLC0415

    told = json.loads((FIXTURES / "aml_endpoint_metrics.json").read_bytes())
    expected: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {}
    for one in told["metrics"]:
        level = one["namespace"].rsplit("/", 1)[-1].lower()
        row = (one["unit"], tuple(one["dimensions"]))
        expected.setdefault(level, {})[one["name"]] = row

    assert expected == METRICS
