"""The process refuses to start when it would be unsafe, and says what to mend."""

import json
from pathlib import Path

import pytest
import yaml

from bot.keys import CannotRead, Keys
from bot.settings import Misconfigured, Settings, load, problems
from bot.simulator import people
from bot.simulator.identity import BOT_APP, TENANT

_WHOSE = f"tenant: {TENANT}\n".encode()
GOOD = {"WATCHKEEPER_BOT_APP_ID": BOT_APP, "WATCHKEEPER_ALERT_AUDIENCE": "app"}


def watch_file(folder: Path, **changes: object) -> dict[str, str]:
    document = {
        "tenant": TENANT,
        "people": [p.model_dump(mode="json") for p in people.people()],
        "channels": {k: c.model_dump() for k, c in people.channels().items()},
        **changes,
    }
    path = folder / "watchkeeper.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return {**GOOD, "WATCHKEEPER_WATCH_FILE": str(path)}


def test_a_good_configuration_starts(tmp_path: Path) -> None:
    settings, watch = load(watch_file(tmp_path))

    assert [] == problems(settings)
    assert TENANT == watch.tenant


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"WATCHKEEPER_PROT": "1"}, "WATCHKEEPER_PROT: there is no such setting"),
        ({"WATCHKEEPER_PORT": "many"}, "WATCHKEEPER_PORT: "),
        ({"WATCHKEEPER_ALERT_AUTH": "maybe"}, "'entra', 'url-secret' or 'none'"),
        ({"WATCHKEEPER_WATCH_FILE": "nowhere.yaml"}, "nowhere.yaml is not there"),
        ({"WATCHKEEPER_TENANT_ID": "other"}, "TENANT_ID is not the tenant"),
        ({"WATCHKEEPER_WATCH_FILE": "."}, "has to name a file"),
        ({"WATCHKEEPER_HOST": " "}, "WATCHKEEPER_HOST: "),
        ({"WATCHKEEPER_PORT": "tcp://10.0.0.1:80"}, "WATCHKEEPER_PORT: "),
        ({"WATCHKEEPER_AZURE_LOGS_URL": "ftp://x"}, "WATCHKEEPER_AZURE_LOGS_URL: exp"),
        (
            {"WATCHKEEPER_BOT_LOGIN_URL": "https://x:y"},
            "WATCHKEEPER_BOT_LOGIN_URL: exp",
        ),
        ({"WATCHKEEPER_GRAPH_URL": "graph"}, "WATCHKEEPER_GRAPH_URL: expected"),
        ({"WATCHKEEPER_PUBLIC_URL": "bot.example"}, "WATCHKEEPER_PUBLIC_URL: expected"),
        ({"WATCHKEEPER_ALERT_JWKS_URL": "k"}, "WATCHKEEPER_ALERT_JWKS_URL: expected"),
        ({"WATCHKEEPER_DRAIN_SECONDS": "99"}, "WATCHKEEPER_DRAIN_SECONDS: "),
        ({"WATCHKEEPER_PORTAL_SECONDS": "inf"}, "WATCHKEEPER_PORTAL_SECONDS: "),
        ({"WATCHKEEPER_EVIDENCE_URL": ""}, "WATCHKEEPER_EVIDENCE_URL: "),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    with pytest.raises(Misconfigured, match=words):
        load({**watch_file(tmp_path), **variables})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: [\n", "line 2: expected"),
        (b"", "expected names with values"),
        (b"- a\n", "expected names with values"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"tenant: a\nendpoints: []\ntenant: b\n", "line 3: tenant is given twice"),
        (_WHOSE + b"settings: {1: 2}\n", "yaml: settings.1: there is no such setting"),
        (_WHOSE + b"settings: {Port: x}\n", "yaml: settings.port: Input should be"),
        (_WHOSE + b"settings: [1]\n", "names with values"),
        (b"{[a, b]: 1}\n", "line 1: "),
    ],
)
def test_a_broken_file_is_one_line(tmp_path: Path, text: bytes, words: str) -> None:
    """
    PyYAML keeps the last of two: a stray `endpoints: []` would unwatch everything.
    """
    path = tmp_path / "watchkeeper.yaml"
    path.write_bytes(text)

    with pytest.raises(Misconfigured, match=words) as caught:
        load({**GOOD, "WATCHKEEPER_WATCH_FILE": str(path)})

    assert 1 == len(str(caught.value).splitlines())


def test_each_mistake_has_its_own_line(tmp_path: Path) -> None:
    variables = {"WATCHKEEPER_PROT": "1", "WATCHKEEPER_PORT": "x"}

    with pytest.raises(Misconfigured) as caught:
        load({**watch_file(tmp_path), **variables})

    assert 2 == len(str(caught.value).splitlines())


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """
    Told one at a time, six mistakes cost six restarts of a container.
    """
    twice = {
        "name": "Ada",
        "accounts": ["aaaaaaaa-0000-0000-0000-000000000001"],
    }
    endpoint = {
        "id": "/subscriptions/s/resourceGroups/r/providers/Microsoft."
        "MachineLearningServices/workspaces/w/onlineEndpoints/e",
        "owner": "Nobody",
        "channel": "nowhere",
    }
    wrong = {
        "people": [twice, twice],
        "endpoints": [endpoint, endpoint],
        "risk_channel": "gone",
        "settings": {"watch_file": "other.yaml", "log_level": "LOUD"},
    }

    with pytest.raises(Misconfigured) as caught:
        load({**watch_file(tmp_path, **wrong), "WATCHKEEPER_PORT": "x"}, talks=True)

    lines = [
        line.replace(str(tmp_path / "watchkeeper.yaml"), "FILE").split(" (")[0]
        for line in str(caught.value).splitlines()
    ]
    assert [
        "FILE: watch_file is a variable alone: this is the file",
        "WATCHKEEPER_PORT: Input should be a valid integer, unable to parse string as an integer",  # noqa: E501
        "FILE: settings.log_level: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
        "FILE: the file: risk_channel: no channel is called 'gone'",
        "FILE: the file: e: no channel is called 'nowhere'",
        "FILE: the file: e: nobody is called 'Nobody' in people",
        f"FILE: the file: two people share the account {twice['accounts'][0]}",
        "FILE: the file: two people are called 'Ada'",
        f"FILE: the file: listed twice: {endpoint['id'].lower()}",
    ] == lines


def test_what_is_unsafe_is_told_beside_what_is_wrong(tmp_path: Path) -> None:
    given = watch_file(tmp_path, risk_channel="gone")

    with pytest.raises(Misconfigured) as caught:
        load({**given, "WATCHKEEPER_BOT_APP_ID": ""}, talks=True)

    first, second = str(caught.value).splitlines()
    assert "no channel is called 'gone'" in first
    assert "BOT_APP_ID is empty: anybody could pose as Teams" == second


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bot_app_id": ""}, "anybody could pose as Teams"),
        ({"alert_auth": "none", "host": "0.0.0.0"}, "only for a loopback host"),  # noqa: S104
        ({"event_auth": "none", "host": "10.0.0.4"}, "only for a loopback host"),
        ({"alert_auth": "url-secret"}, "needs ALERT_SECRETS"),
        ({"alert_audience": ""}, "ALERT_AUDIENCE is empty"),
        ({"azure_logs_url": "http://127.0.0.1:1"}, "still point at the public cloud"),
        ({"service_url_allow": "http://teams.example"}, "is not https"),
        ({"service_url_allow": " , "}, "nobody in Teams could be answered"),
        ({"bot_app_id": "  "}, "anybody could pose as Teams"),
        ({"read_auth": "none", "host": "::"}, "only for a loopback host"),
        ({"alert_auth": "none", "host": "localhost.evil.example"}, "only for a loop"),
        ({"alert_auth": "url-secret", "alert_secrets": " , "}, "needs ALERT_SECRETS"),
        ({"alert_auth": "url-secret", "alert_secrets": "short"}, "16 characters"),
        ({"alert_auth": "url-secret", "alert_secrets": ",".join("abc")}, "or two"),
        ({"azure_management_url": "https://management.usgovcloudapi.net"},
         "BOT_LOGIN_URL still point at the public cloud"),
        ({"bot_login_url": "https://login.azure.com.evil.example"}, "still point at"),
        ({"graph_url": "http://graph.example"}, "GRAPH_URL: http://graph.example is not"),
        ({"workflow_url": "http://x.example/?sig=secret"}, "http://x.example is not"),
        ({"evidence_url": "ftp://x/y"}, "EVIDENCE_URL: ftp:// is no folder"),
        ({"evidence_url": "git+/x.git"}, "EVIDENCE_URL: Git is for heads"),
        ({"anchor_url": "ftp://x/y"}, "ANCHOR_URL: ftp:// is no folder"),
        ({"key_secret_url": "https://v.vault.azure.net/keys/k"}, "KEY_SECRET_URL: exp"),
        ({"key_secret_url": "http://v.example/secrets/k"}, "http://v.example is not"),
        ({"anchor_url": "git+"}, "ANCHOR_URL: git+ needs a path"),
        ({"anchor_url": "git+http://u:p@x.org/y"}, "ANCHOR_URL: http://x.org is not"),
        ({"traces": "zipkin"}, "TRACES is none of"),
        ({"alert_audience": "api://"}, "ALERT_AUDIENCE is empty"),
        ({"event_role": ""}, "EVENT_ROLE is empty"),
        ({"bot_issuer": " "}, "BOT_ISSUER is empty"),
    ],
)  # fmt: skip
def test_an_unsafe_configuration_does_not_start(
    changes: dict[str, str], words: str
) -> None:
    """
    Each of these once let a stranger in, or a token out, in somebody's bot.
    """
    given = {"bot_app_id": BOT_APP, "alert_audience": "app", **changes}

    assert [words in line for line in problems(Settings(**given))] == [True]


def test_what_moves_traffic_has_an_identity_of_its_own() -> None:
    """
    With the reader's, whoever took over the process that talks could move traffic too.
    """
    one = {"reader_client_id": BOT_APP, "executor_client_id": BOT_APP}

    (line,) = problems(Settings(**one), talks=False)

    assert "EXECUTOR_CLIENT_ID is the reader's" in line
    assert [] == problems(Settings(), talks=False)  # both are who is signed in


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"people": [], "owner": 1}, "owner: there is no such setting"),
        ({"channels": {"a": {}}}, "channels.a.id: "),
        (
            {
                "endpoints": [
                    {
                        "id": "/subscriptions/s/resourceGroups/r/providers/"
                        "Microsoft.MachineLearningServices/workspaces/w/"
                        "onlineEndpoints/e",
                        "owner": "Nobody",
                        "channel": "model-alerts",
                    }
                ]
            },
            "nobody is called 'Nobody'",
        ),
        ({"settings": ["port"]}, "settings must be names with values"),
    ],
)
def test_a_mistake_in_the_watch_list_is_named(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(Misconfigured, match=words):
        load(watch_file(tmp_path, **changes))


def test_a_broken_file_tells_the_line(tmp_path: Path) -> None:
    path = tmp_path / "watchkeeper.yaml"
    path.write_text("tenant: x\npeople: [", "utf-8")

    with pytest.raises(Misconfigured, match=r"line \d"):
        load({"WATCHKEEPER_WATCH_FILE": str(path)})


@pytest.mark.parametrize("name", ["EVIDENCE_URL", "ANCHOR_URL"])
@pytest.mark.parametrize("below", ["", "/deep/down"])
def test_evidence_is_kept_in_a_folder_or_nothing_starts(
    tmp_path: Path, name: str, below: str
) -> None:
    """
    It started, took alerts, and could keep no evidence of any.
    """
    file = tmp_path / "notes.txt"
    file.touch()
    given = {**watch_file(tmp_path), f"WATCHKEEPER_{name}": f"{file}{below}"}

    with pytest.raises(Misconfigured, match=f"{name}: {file} is no folder"):
        load(given, talks=True)
    made = {**given, f"WATCHKEEPER_{name}": f"{tmp_path}/to/be/made"}
    assert load(made, talks=True)


def test_settings_may_stand_in_the_file(tmp_path: Path) -> None:
    variables = watch_file(tmp_path, settings={"port": 4000, "log_level": "ERROR"})

    settings, _ = load({**variables, "WATCHKEEPER_LOG_LEVEL": "WARNING"})

    assert (4000, "WARNING") == (settings.port, settings.log_level)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a key file"),
        ("[]", "is not a key file"),
        ('{"button": "zz", "log": "zz"}', "is not a key file"),
        (json.dumps({"button": "", "log": "00" * 32}), "too short"),
    ],
)
def test_keys_that_cannot_be_used_are_one_line(
    tmp_path: Path, text: str, words: str
) -> None:
    """
    An empty key would let anybody sign a button.
    """
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(CannotRead, match=words):
        Keys.load(path)
    with pytest.raises(CannotRead, match="Is a directory"):
        Keys.load(tmp_path)


@pytest.mark.parametrize("name", ["KEY_FILE", "WATCH_FILE"])
@pytest.mark.parametrize("value", ["", " ", "."])
def test_a_file_without_a_name_is_refused_in_one_line(
    tmp_path: Path, name: str, value: str
) -> None:
    """
    A variable that is set to nothing is a slip; the folder one stands in is no key file.
    """
    watch = tmp_path / "watchkeeper.yaml"
    watch.write_text(f"tenant: {TENANT}\n")
    given = {"WATCHKEEPER_WATCH_FILE": str(watch), f"WATCHKEEPER_{name}": value}

    with pytest.raises(Misconfigured) as caught:
        load(given)
    said = f"WATCHKEEPER_{name}: it has to name a file"
    assert [said] == str(caught.value).splitlines()
