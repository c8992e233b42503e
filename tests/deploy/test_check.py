"""`watchkeeper check`, against the running demo and against what is broken on purpose."""

import json
import logging
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bot.__main__ import application
from bot.check.database import database
from bot.settings import load
from tests.children import inherited
from tests.deploy.conftest import ROOT, Running, start, until

Found = dict[str, dict[str, str]]
_JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("check"))
    settings, _ = load(environment(running))
    until("word that the app is in a team", 60, lambda: database(settings).places)
    yield running
    running.process.terminate()
    running.process.wait(40)


def environment(demo: Running, program: str = "serve") -> dict[str, str]:
    """Return the variables of one of the demo's programs, its identity's among them."""
    words = shlex.split((demo.state / f"{program}.env").read_text("utf-8"))
    return dict(word.split("=", 1) for word in words if word != "export")


def check(
    settings: Mapping[str, str], *words: str, **changed: str
) -> tuple[int, Found, str]:
    """Return exit code, findings by what they are about, and all that was printed.

    In this process: starting one takes longer than the check. What a person sees of a
    process of its own is the last test's.
    """
    more = {f"WATCHKEEPER_{name}": value for name, value in changed.items()}
    gone = dict.fromkeys(name for name in os.environ if name.startswith("WATCHKEEPER_"))
    try:
        done = CliRunner().invoke(
            application(["check"]),
            ["check", "--format", "json", *words],
            env={**gone, **settings, **more},
        )
    finally:
        logging.disable(logging.NOTSET)  # the command has no use for logs
    assert isinstance(done.exception, SystemExit | None), done.exception
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return done.exit_code, {row["about"]: row for row in rows}, done.output


def test_a_demo_that_runs_has_nothing_to_mend(demo: Running) -> None:
    code, found, _ = check(environment(demo))

    assert {} == {k: v for k, v in found.items() if v["level"] != "ok"}
    assert 0 == code
    assert {
        "settings", "watch list", "keys", "database", "clock", "Teams keys", "Teams token",
        "endpoint loan-prescreening", "rights at loan-prescreening",
        "metrics of loan-prescreening",
        "logs of loan-prescreening", "data of loan-prescreening", "channel model-alerts",
        "alert rules of loan-prescreening", "action group watchkeeper", "evidence",
        "right to set alerts' state at loan-prescreening",
        "events of mlw-risk-prod",
    } <= set(found)  # fmt: skip
    assert any(about.startswith("monitor ") for about in found)
    assert "1 endpoint, 7 people, no gap" == found["watch list"]["text"]
    assert "1 key may speak for Teams" == found["Teams keys"]["text"]
    rules = found["alert rules of loan-prescreening"]["text"]
    assert "4 of 4 switched on, 1 action group" == rules


def test_what_is_wrong_is_named_with_what_to_do(demo: Running, tmp_path: Path) -> None:
    """
    Each finding alone has to be enough for somebody who has never seen the project.
    """
    serve = environment(demo)
    document: dict[str, Any] = yaml.safe_load(
        Path(serve["WATCHKEEPER_WATCH_FILE"]).read_text("utf-8")
    )
    endpoint = document["endpoints"][0]
    endpoint |= {"rollback_target": "teal", "monitor": "no-such-monitor"}
    stranger = {**endpoint, "id": endpoint["id"] + "-2", "channel": "elsewhere"}
    document["channels"]["elsewhere"] = {"id": "19:elsewhere@thread.tacv2"}
    document["endpoints"].append(stranger)
    changed = tmp_path / "watchkeeper.yaml"
    changed.write_text(yaml.safe_dump(document), "utf-8")

    code, found, _ = check(serve, str(changed), HOST="0.0.0.0")  # noqa: S104

    assert 2 == code
    assert "look" == found["endpoint loan-prescreening"]["level"]
    assert (
        "rollback_target teal is none of" in found["endpoint loan-prescreening"]["todo"]
    )
    assert "fail" == found["monitor no-such-monitor"]["level"]
    assert "Azure knows nothing of" in found["endpoint loan-prescreening-2"]["text"]
    for row in found.values():
        assert row["todo"] or row["level"] == "ok", row


def test_an_app_that_was_taken_out_of_the_team_is_missed(demo: Running) -> None:
    """
    Teams told us once that it was put in; only Teams knows whether it still is.
    """
    serve = environment(demo)
    found = {}
    for status in (403, 500):
        match = {"method": "GET", "path": "/pagedmembers$"}
        fault = json.dumps({"match": match, "times": 1, "status": status}).encode()
        said, _ = demo.ask("/sim/faults", fault, _JSON, port=demo.port + 1)
        assert said < 300
        found[status] = check(serve)[1]["channel model-alerts"]
    elsewhere = check(serve, SERVICE_URL_ALLOW="https://smba.trafficmanager.net")[1]

    assert ("fail", True) == (
        found[403]["level"], "the app is not in its team" in found[403]["text"]
    )  # fmt: skip
    assert "watchkeeper package" in found[403]["todo"]
    assert ("look", "Teams answered 500") == (
        found[500]["level"], found[500]["text"][:18]
    )  # fmt: skip
    assert "SERVICE_URL_ALLOW" in elsewhere["channel model-alerts"]["todo"]


def test_a_missing_right_is_told_from_a_missing_network(demo: Running) -> None:
    """
    "It does not work" sends people to the wrong team for a day.
    """
    serve = environment(demo)
    executor = serve["WATCHKEEPER_EXECUTOR_CLIENT_ID"]
    _, refused, _ = check(serve, READER_CLIENT_ID=executor)
    nowhere = "http://127.0.0.1:9"
    _, away, text = check(
        serve, AZURE_MANAGEMENT_URL=nowhere, BOT_OPENID_URL=f"{nowhere}/x"
    )

    monitor = next(row for about, row in refused.items() if about.startswith("monitor"))
    assert "fail" == monitor["level"]
    assert "Azure does not answer" in away["endpoint loan-prescreening"]["text"]
    assert "fail" == away["Teams keys"]["level"]
    assert "Traceback" not in text


def test_odd_answers_are_a_line_each(demo: Running) -> None:
    """
    Each of these ended somewhere in a trace, and an operator reads no traces.
    """
    odd: dict[str, dict[str, Any]] = {
        "onlineEndpoints/loan-prescreening/deployments": {"status": 429},
        "Insights/metrics": {"status": 401},
        "schedules/": {"status": 403},
        "metricAlerts": {"status": 200, "text": "<html>a proxy</html>"},
        "actionGroups": {"status": 200, "text": "[1, 2]"},
        "systemTopics": {"status": 503},
        "Authorization/permissions": {"drop": "before"},
    }
    for path, fault in odd.items():
        body = json.dumps({"match": {"path": path}, "times": 99, **fault}).encode()
        code, said = demo.ask("/sim/faults", body, _JSON, port=demo.port + 1)
        assert code < 300, said
    try:
        code, found, text = check(environment(demo))
    finally:
        urllib.request.urlopen(
            urllib.request.Request(
                f"http://127.0.0.1:{demo.port + 1}/sim/faults", method="DELETE"
            )
        ).close()

    assert 2 == code
    assert "Traceback" not in text
    assert "unexpected" not in text
    monitor = next(about for about in found if about.startswith("monitor "))
    told = {
        "endpoint loan-prescreening": "limiting our requests",
        "metrics of loan-prescreening": "does not accept our identity",
        monitor: "missing at /subscriptions/",
        "rights at loan-prescreening": "Azure does not answer",
        "alert rules of loan-prescreening": "cannot be read",
        "events of mlw-risk-prod": "status 503",
    }
    wrong = {
        k: found[k]["text"]
        for k, words in told.items()
        if words not in found[k]["text"]
    }
    assert {} == wrong


def test_each_identity_has_its_rights_and_no_more(demo: Running) -> None:
    """
    The reader that may write is as dangerous as the executor that may not is useless.
    """
    serve, execute = environment(demo), environment(demo, "execute")
    about = "rights at loan-prescreening"
    _, reads, _ = check(serve)
    code, moves, _ = check(execute, "--executor")
    _, swapped, _ = check(
        execute, READER_CLIENT_ID=execute["WATCHKEEPER_EXECUTOR_CLIENT_ID"]
    )
    reader = serve["WATCHKEEPER_READER_CLIENT_ID"]
    _, helpless, _ = check(serve, "--executor", EXECUTOR_CLIENT_ID=reader)
    _, untrained, _ = check(execute, "--executor", TRAINER_CLIENT_ID=execute[
        "WATCHKEEPER_EXECUTOR_CLIENT_ID"])  # fmt: skip

    assert ("ok", "ok", 0) == (reads[about]["level"], moves[about]["level"], code)
    assert "channel model-alerts" not in moves
    assert "Microsoft.Insights/metrics/read" in swapped[about]["text"]
    assert "onlineEndpoints/read" not in swapped[about]["text"]  # that one it has
    training = "rights to retrain loan-prescreening"
    assert "ok" == moves[training]["level"]
    assert "jobs/write" in untrained[training]["text"]
    assert "fail" == helpless[about]["level"]
    assert "onlineEndpoints/write" in helpless[about]["text"]


def test_a_call_that_would_never_come_is_told(demo: Running) -> None:
    """
    All is green and no alert arrives: the action group calls the address of last year.
    """
    serve = environment(demo)
    group, events = "action group watchkeeper", "events of mlw-risk-prod"
    code, moved, _ = check(serve, PUBLIC_URL="https://moved.example")
    _, other, _ = check(serve, ALERT_AUTH="entra", EVENT_AUTH="entra",
                        READ_AUTH="none", ALERT_AUDIENCE="api://other")  # fmt: skip
    _, ours, _ = check(serve, ALERT_AUTH="entra", EVENT_AUTH="entra", READ_AUTH="none")
    executor = serve["WATCHKEEPER_EXECUTOR_CLIENT_ID"]
    _, blind, _ = check(serve, READER_CLIENT_ID=executor)

    assert 1 == code
    assert "calls 127.0.0.1, not us" == moved[group]["text"]
    assert "none to us" in moved[events]["text"]
    assert "another app" in other[group]["text"]
    assert "another app" in other[events]["text"]
    assert ("ok", "ok") == (ours[group]["level"], ours[events]["level"])
    rules = blind["alert rules of loan-prescreening"]
    assert ("look", True) == (rules["level"], "has this process" in rules["todo"])


def test_no_secret_is_shown(demo: Running) -> None:
    serve = environment(demo)
    _, _, text = check(
        serve,
        DATABASE_URL="postgresql://watchkeeper:hunter2@127.0.0.1:9/watchkeeper",
        ALERT_SECRETS="hunter2",
    )

    assert "it does not answer" in text
    assert "hunter2" not in text
    assert serve["IDENTITY_HEADER"] not in text


def test_settings_that_cannot_be_read_end_in_2(tmp_path: Path) -> None:
    code, _, text = check({}, str(tmp_path / "nothing.yaml"))

    assert 2 == code
    assert "nothing.yaml is not there" in text
    assert "BOT_APP_ID is empty" in text  # told with it, not after it
    assert "Traceback" not in text


def test_people_get_a_line_each(demo: Running) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        cwd=ROOT, env={**inherited(), **environment(demo)}, check=False,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert "" == done.stderr
    assert done.stdout.splitlines()
    assert all(line.startswith("ok  ") for line in done.stdout.splitlines())
