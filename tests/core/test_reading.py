"""Reading what people type: moments, lengths, names, commands in any dress."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import commands
from bot.commands.naming import incident_id, request_id
from bot.commands.people import somebody
from bot.commands.reading import NothingAsked, overheard, understand
from bot.commands.span import span
from bot.commands.when import until
from bot.incident import Refused
from bot.watch import Person
from tests.core.test_commands import WATCH

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)  # 9:14 in Berlin
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]
).map(ZoneInfo)
MOMENTS = st.integers(0, 15 * 366 * 24 * 3600).map(
    lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def berlin(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "end", "rest"),
    [
        ("2h", MONDAY + timedelta(hours=2), ""),
        ("2h feed is late", MONDAY + timedelta(hours=2), "feed is late"),
        ("90 min feed", MONDAY + timedelta(minutes=90), "feed"),
        ("1h30m feed", MONDAY + timedelta(minutes=90), "feed"),
        ("1 d 4 h, feed", MONDAY + timedelta(hours=28), "feed"),
        ("for 2 hours: feed", MONDAY + timedelta(hours=2), "feed"),
        ("1.5h feed", MONDAY + timedelta(minutes=90), "feed"),
        ("2h 3h were lost", MONDAY + timedelta(hours=2), "3h were lost"),
        ("until tomorrow 9:00 feed", berlin(24, 9), "feed"),
        ("tomorrow feed", berlin(24, 9), "feed"),
        ("until 17:30 feed", berlin(23, 17, 30), "feed"),
        ("until 9 feed", berlin(24, 9), "feed"),
        ("until 9am feed", berlin(24, 9), "feed"),
        ("until 5pm feed", berlin(23, 17), "feed"),
        ("until noon feed", berlin(23, 12), "feed"),
        ("until fri 17:00 feed", berlin(27, 17), "feed"),
        ("until Monday 9:00 feed", berlin(30, 9), "feed"),
        ("until monday 10:00 feed", berlin(23, 10), "feed"),
        ("until next Monday feed", berlin(30, 9), "feed"),
        ("until fri, 5 p.m. feed", berlin(27, 17), "feed"),
        ("until tomorrow, 17:00 feed", berlin(24, 17), "feed"),
        ("until 17:00 tomorrow feed", berlin(24, 17), "feed"),
        ("until tomorrow 9:00: feed", berlin(24, 9), "feed"),
        ("until 9:00 on Friday feed", berlin(27, 9), "feed"),
        ("until tomorow morning feed", berlin(24, 9), "feed"),
        ("until midnight feed", berlin(24, 0), "feed"),
        ("tonight feed", berlin(23, 20), "feed"),
        ("until end of day feed", berlin(23, 18), "feed"),
        ("until 1 Dec feed", berlin(1, 9, month=12), "feed"),
        ("until Dec 1st, 14:15 feed", berlin(1, 14, 15, month=12), "feed"),
        ("until 1 Dec 2026 9:00 feed", berlin(1, 9, month=12), "feed"),  # not 20:26
        ("until Dec 1st, 2026 feed", berlin(1, 9, month=12), "feed"),
        ("until 1.12. feed", berlin(1, 9, month=12), "feed"),
        ("until 1.12.2026 9:00 feed", berlin(1, 9, month=12), "feed"),
        ("until 10:00 UTC feed", MONDAY.replace(hour=10, minute=0), "feed"),
        ("until 10:00 CET feed", berlin(23, 10), "feed"),
        ("until 2026-12-01T09:00Z feed", datetime(2026, 12, 1, 9, tzinfo=UTC), "feed"),
        ("an hour feed", MONDAY + timedelta(hours=1), "feed"),
        ("half an hour, feed", MONDAY + timedelta(minutes=30), "feed"),
        ("for the next two hours feed", MONDAY + timedelta(hours=2), "feed"),
        ("1h and 30m feed", MONDAY + timedelta(minutes=90), "feed"),
        ("2h30 feed", MONDAY + timedelta(minutes=150), "feed"),
        ("2 hrs. feed", MONDAY + timedelta(hours=2), "feed"),
        ("until 2026-12-01 feed", berlin(1, 9, month=12), "feed"),
        ("until 2026-12-01 at 14:15 feed", berlin(1, 14, 15, month=12), "feed"),
        ("until 2026/12/01 feed", berlin(1, 9, month=12), "feed"),
        ("2:30h feed", MONDAY + timedelta(minutes=150), "feed"),
        ("0:45 h feed", MONDAY + timedelta(minutes=45), "feed"),
        ("an hour and a half feed", MONDAY + timedelta(minutes=90), "feed"),
        ("~2h feed", MONDAY + timedelta(hours=2), "feed"),
        ("24h! feed", MONDAY + timedelta(hours=24), "feed"),
        ("until: 17:00 feed", berlin(23, 17), "feed"),
        ("until next week feed", berlin(30, 9), "feed"),
        ("2026-12-01T09:00+01:00 feed", berlin(1, 9, month=12), "feed"),
        ("until 10:00-05:00 feed", datetime(2026, 11, 23, 15, tzinfo=UTC), "feed"),
        ("2 Std feed", MONDAY + timedelta(hours=2), "feed"),
        ("f\u00fcr 30 Minuten feed", MONDAY + timedelta(minutes=30), "feed"),
        ("bis 17:30 feed", berlin(23, 17, 30), "feed"),
        ("bis morgen 9 Uhr feed", berlin(24, 9), "feed"),
        ("bis Freitag um 16:00 feed", berlin(27, 16), "feed"),
    ],
)
def test_a_moment_is_read(text: str, end: datetime, rest: str) -> None:
    assert (end, rest) == until(text, MONDAY, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "feed is late",
        "17 people",
        "2 months",
        "until 2026-13-01",
        "until 25:00",
        "until 31 Jan 2030",  # the year, or half past eight?
        "until 1 Dec 2025",
        "until 12/01",  # January in one country, December in another
        "until 10:00 EST",  # a zone that is not the channel's
        "until 31 Nov",
        "1h-2h",
        "until 9-10",
        "12/1/2026",
        "-2h",
        "9",
    ],
)
def test_what_names_no_moment_is_not_guessed(text: str) -> None:
    assert until(text, MONDAY, BERLIN)[0] is None


def test_a_day_is_as_long_as_it_is_there() -> None:
    """
    The night in which the clocks go back: "tomorrow 9:00" is 25 hours from 9:00.
    """
    before = datetime(2026, 10, 24, 7, 0, tzinfo=UTC)  # 9:00 in Berlin, summer time

    end, _ = until("until tomorrow 9:00", before, BERLIN)

    assert before + timedelta(hours=25) == end


@pytest.mark.parametrize(
    ("said", "hour"),
    [("2027-03-28 02:30", 1), ("2027-10-31 02:30", 0)],
)
def test_an_hour_that_is_skipped_or_comes_twice_is_one_moment(
    said: str, hour: int
) -> None:
    """
    2:30 is not there in March: 3:30 is meant. In October the first of both is.
    """
    end, _ = until(f"until {said}", MONDAY, BERLIN)

    assert datetime(2027, int(said[5:7]), int(said[8:10]), hour, 30, tzinfo=UTC) == end


@given(MOMENTS, ZONES, st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_the_next_one(
    now: datetime, zone: ZoneInfo, hour: int, minute: int
) -> None:
    end, rest = until(f"until {hour}:{minute:02} feed", now, zone)

    assert end is not None
    assert "feed" == rest
    assert timedelta() < end - now <= timedelta(hours=26)


@given(st.text(max_size=60), MOMENTS, ZONES)
def test_whatever_is_typed_is_a_moment_or_none(
    text: str, now: datetime, zone: ZoneInfo
) -> None:
    end, rest = until(text, now, zone)

    assert end is None or end.tzinfo is UTC
    assert len(rest) <= len(text)


@given(st.integers(0, 30), st.integers(0, 23), st.integers(0, 59), st.booleans())
def test_a_length_is_the_sum_of_its_parts(
    days: int,
    hours: int,
    minutes: int,
    spaced: bool,  # noqa: FBT001
) -> None:
    parts = [f"{days}d", f"{hours}h", f"{minutes}m"]

    end, rest = until((" " if spaced else "").join(parts), MONDAY, BERLIN)

    assert MONDAY + timedelta(days=days, hours=hours, minutes=minutes) == end
    assert "" == rest


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("", 1),
        ("24h", 24),
        ("last 7 days", 168),
        ("the last week", 168),
        ("last hour", 1),
        ("a week", 168),
        ("last month", 720),
        ("last 2 days.", 48),
    ],
)
def test_a_length_back_is_read(text: str, hours: int) -> None:
    assert timedelta(hours=hours) == span(text, timedelta(hours=1), timedelta(days=30))


@pytest.mark.parametrize("text", ["yesterday", "90d", "7d of blue", "tomorrow"])
def test_a_length_back_that_is_none_is_asked_again(text: str) -> None:
    with pytest.raises(Refused):
        span(text, timedelta(hours=1), timedelta(days=30))


# -- people ---------------------------------------------------------------------------

ASKER = Person(name="Priya Raman", accounts=("77777777-aaaa-4bbb-8ccc-000000000001",))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jonas Weber", "Jonas Weber"),
        ("jonas", "Jonas Weber"),
        ("WEBER", "Jonas Weber"),
        ("@Jonas Weber", "Jonas Weber"),
        ("Weber, Jonas", "Jonas Weber"),
        ("Lena Vogt (admin)", "Lena Vogt"),
        ("me", "Priya Raman"),
    ],
)
def test_a_person_is_found(text: str, name: str) -> None:
    assert name == somebody(text, WATCH, ASKER).name


def test_a_misspelt_name_is_asked_back() -> None:
    with pytest.raises(Refused, match="Did you mean Jonas Weber"):
        somebody("Jonas Webber", WATCH, ASKER)


def test_a_name_that_several_have_is_asked_back() -> None:
    other = Person(
        name="Jonas Braun", accounts=("77777777-aaaa-4bbb-8ccc-00000000ffff",)
    )
    two = WATCH.model_copy(update={"people": (*WATCH.people, other)})

    with pytest.raises(Refused, match=r"Several people .*: Jonas Weber, Jonas Braun"):
        somebody("jonas", two, ASKER)


@given(st.text(max_size=80))
def test_nobody_is_assigned_by_chance(text: str) -> None:
    """
    Whoever is found shares at least one whole name with what was typed.
    """
    try:
        found = somebody(text, WATCH, ASKER)
    except Refused:
        return
    assert found is ASKER or any(
        w.casefold() in text.casefold() for w in found.name.split()
    )


@pytest.mark.parametrize(
    ("typed", "person"),
    [
        ("assign 42 to: Jonas", "Jonas"),
        ("assign 42 -> @Jonas Weber", "Jonas Weber"),
        ("assign 42 @Jonas Weber please", "Jonas Weber"),
        ("assign Jonas Weber to 42", "Jonas Weber"),
        ("assign Jonas A-42", "Jonas"),
    ],
)
def test_whom_it_is_given_to_may_come_first(typed: str, person: str) -> None:
    words = understand(typed)[1]

    assert ("A-42", person) == (incident_id(words["incident"]), words["person"])


# -- commands -------------------------------------------------------------------------

DRESS = st.sampled_from(
    ["{}", " {} ", "please {}", "/{}", "hey, {}", "{}\u00a0", "\u201c{}"]
)


@given(st.sampled_from(sorted(commands())), DRESS, st.booleans())
def test_a_command_is_known_in_any_dress(verb: str, dress: str, loud: bool) -> None:  # noqa: FBT001
    text = dress.format(verb.upper() if loud else verb)

    assert verb == understand(f"{text} A-42 2h because")[0].verb


@given(st.sampled_from(sorted(commands())), st.integers(0, 11), st.sampled_from("xq"))
def test_a_typo_is_never_carried_out(verb: str, at: int, letter: str) -> None:
    """
    One wrong letter is asked about, or is another command by its own name.
    """
    at = min(at, len(verb) - 1)
    typo = verb[:at] + letter + verb[at + 1 :]
    with pytest.raises(Refused, match="I do not know"):
        understand(f"{typo} A-42")


@pytest.mark.parametrize(
    "example", [e for c in commands().values() for e in c.examples]
)
def test_every_example_is_understood(example: str) -> None:
    assert example.split(maxsplit=1)[0] == understand(example)[0].verb


def test_every_command_shows_an_example() -> None:
    assert [] == [c.verb for c in commands().values() if not c.examples]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ack on it", {"incident": "A-7", "note": "on it"}),
        ("note on 3 hosts only", {"incident": "A-7", "text": "on 3 hosts only"}),
        ("ack alert 42 on it", {"incident": "42", "note": "on it"}),
        ("ack", {"incident": "A-7", "note": ""}),
        ("ack 42 on it", {"incident": "42", "note": "on it"}),
        ("snooze 2h feed", {"incident": "A-7", "until": "2h feed"}),
        ("snooze 2 h feed", {"incident": "A-7", "until": "2 h feed"}),
        ("assign me", {"incident": "A-7", "person": "me"}),
        ("note 3 people called", {"incident": "3", "text": "people called"}),
    ],
)
def test_in_a_cards_thread_its_incident_is_meant(
    text: str, words: dict[str, str]
) -> None:
    """
    Below a card nobody repeats its id; a number that opens the text still is one.
    """
    assert words == understand(text, "A-7")[1]


@pytest.mark.parametrize(
    "about",
    [
        *("42.", "42, on it", "42: on it", "(42)", '"42"', "\u201842\u2019", "`42`"),
        *("A\u201342 on it", "A\u201142", "a 42 on it", "#A-42", "no. 42", "**42**"),
        *(
            "incident 42",
            "the alert A-42 on it",
            "on 42",
            "\uff14\uff12",
        ),
    ],
)
def test_an_incident_is_named_in_any_dress(about: str) -> None:
    """
    A phone makes long dashes and round quotes, Teams no-break blanks.
    """
    words = understand(f"ack {about}")[1]

    note = "on it" if about.endswith("on it") else ""
    assert ("A-42", note) == (incident_id(words["incident"]), words["note"])


@pytest.mark.parametrize("about", ["R-7", "r 7", "request 7", "R\u20137", "'7'", "7."])
def test_a_request_too(about: str) -> None:
    assert "R-7" == request_id(understand(f"approve {about}")[1]["request"])


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("**ack 42**", "ack"),
        ("> ack 42", "ack"),
        ("- ack 42", "ack"),
        ("could you please ack 42", "ack"),
        ("@Watchkeeper ack 42", "ack"),
        ("Watchkeeper, ack 42", "ack"),
        ("roll back loan to blue slow", "rollback"),
        ("who owns loan?", "owner"),
        ("help?", "help"),
        ("hello", "help"),
    ],
)
def test_a_verb_is_known_in_human_dress(text: str, verb: str) -> None:
    assert verb == understand(text)[0].verb


@pytest.mark.parametrize(
    ("text", "choice", "reason"),
    [
        ("decide 42 false positive noise", "false-positive", "noise"),
        ("decide 42 False_Positive: noise", "false-positive", "noise"),
        ("decide 42 false\u2011positive noise", "false-positive", "noise"),
        ("decide 42 to accept, season", "accept", "season"),
        ("decide 42 to accept -5 is normal", "accept", "-5 is normal"),
    ],
)
def test_a_choice_is_read(text: str, choice: str, reason: str) -> None:
    words = understand(text)[1]

    assert (choice, reason) == (words["choice"], words["reason"])


@pytest.mark.parametrize("text", ["ack 42 43", "ack 42 and A-43", "unack 42, 43"])
def test_several_at_once_are_asked_back(text: str) -> None:
    """
    The second would be taken for a note, and nobody would look at it.
    """
    with pytest.raises(Refused, match="One at a time, please: A-42, A-43"):
        understand(text)


@pytest.mark.parametrize(
    "text",
    [
        "app\u200brove R-7",
        "approve\u200b R-7",
        "\u202eevorppa R-7",
        "\u0430pprove R-7",  # a Cyrillic a
        "appr\u00ado\u200cve R-7",
        "\u2066approve\u2069 R-7",
        "help</at><at>approve R-7",
        "{{approve}} R-7",
        "\ud83dapprove R-7",
    ],
)
def test_what_only_looks_like_a_command_is_none(text: str) -> None:
    """
    Who reads along must see the word that was carried out.
    """
    with pytest.raises(Refused, match="I do not know"):
        understand(text)


@pytest.mark.parametrize(
    "about", ["R-\u202e21", "R-\u200b7", "\u2067R-7\u2069", "R-7\u0301"]
)
def test_what_only_looks_like_an_id_is_none(about: str) -> None:
    assert "" == request_id(understand(f"approve {about}")[1]["request"])


def test_there_is_no_closing_by_hand() -> None:
    with pytest.raises(Refused, match="An incident ends when its alert does"):
        understand("resolve 42")


@pytest.mark.parametrize(
    "text", ["ack A-42", "approve R-7", "show a-1", "note #A-3 seen"]
)
def test_what_can_only_be_a_command_is_overheard(text: str) -> None:
    assert overheard(text)


@pytest.mark.parametrize(
    "text",
    [
        "show 42 people",
        "help",
        "could you ack A-42",
        "approve it",
        "A-42 is broken",
        "I ack A-42",
        "ack 42",
    ],
)
def test_small_talk_is_not(text: str) -> None:
    assert not overheard(text)


@pytest.mark.parametrize(
    "dash",
    ["--dry-run", "\u2014dry-run", "-- dry run", "--DRY-RUN", "dry-run", "dry run."],
)
def test_a_dry_run_is_known_by_any_dash(dash: str) -> None:
    command, words = understand(f"snooze 42 2h feed {dash}")

    assert ("snooze", "yes", "2h feed") == (
        command.verb,
        words["dry_run"],
        words["until"],
    )


@pytest.mark.parametrize(
    ("text", "verb", "name"),
    [
        ("ack42", "ack", "42"),
        ("Ack#42 on it", "ack", "#42"),
        ("showA-42", "show", "A-42"),
        ("snooze42 2h feed", "snooze", "42"),
    ],
)
def test_a_number_may_stick_to_its_command(text: str, verb: str, name: str) -> None:
    command, words = understand(text)

    assert (verb, name) == (command.verb, words["incident"])


@pytest.mark.parametrize("text", ["health24h", "42 of them", "ack-42-43", "blue42"])
def test_what_only_ends_in_a_number_is_no_command(text: str) -> None:
    with pytest.raises(Refused):
        understand(text)


@pytest.mark.parametrize(
    ("typed", "verb", "words"),
    [
        ("\U0001f44d ack 42", "ack", {"incident": "42"}),
        ("A-42", "show", {"incident": "a-42"}),
        ("#42.", "show", {"incident": "#42"}),
        ("un ack 42", "unack", {"incident": "42"}),
        ("alerts open", "alerts", {"endpoint": ""}),
        ("ack 42 \u2014on it", "ack", {"note": "\u2014on it"}),
        ("rollback 42 \u2212\u2212dry-run late", "rollback", {"dry_run": "yes"}),
        ("rollback 42 it ran with --no-cache", "rollback", {"target": ""}),
        ("note 42 first\nsecond line", "note", {"text": "first\nsecond line"}),
    ],
)
def test_more_that_is_understood(typed: str, verb: str, words: dict[str, str]) -> None:
    command, found = understand(typed)

    assert verb == command.verb
    assert words == {name: found.get(name) for name in words}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("rollback 42 late --dry", "Did you mean --dry-run"),
        ("rollback 42 late \u2014dyr-run", "Did you mean --dry-run"),
        ("ack 42 --force", 'do not know "--force"'),
        ("snooze 42 --for 2h late", "there is only --dry-run"),
        ("ack 42\nsnooze 42 2h late", "One command a message"),
    ],
)
def test_what_was_meant_otherwise_is_not_done(typed: str, says: str) -> None:
    """
    A rehearsal with a slip in its name would be the real rollback, a second command
    a note of the first.
    """
    with pytest.raises(Refused, match=says) as refused:
        understand(typed)

    assert "Nothing was changed" in str(refused.value)


@pytest.mark.parametrize("typed", ["thanks!", "ok", "thank you"])
def test_a_kind_word_is_no_mistake(typed: str) -> None:
    with pytest.raises(NothingAsked, match="You are welcome"):
        understand(typed)


@pytest.mark.parametrize("typed", ["", " ", "Watchkeeper", "!"])
def test_who_only_mentions_us_is_asked_what_for(typed: str) -> None:
    with pytest.raises(NothingAsked, match="Tell me what you need"):
        understand(typed)
