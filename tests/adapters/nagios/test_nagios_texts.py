"""Whatever a person writes, one's own comment is recognised after Nagios has had it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.nagios import texts
from adapters.nagios.actions import Order, snapshot_of
from adapters.nagios.options import NagiosOptions
from adapters.nagios.rows import Downtime, Records, Row
from smic_tui.contract.actions import Action, Verb
from smic_tui.records import HealthState, Stream
from tests.fakes.nagios import FakeNagios, _shown

AT = datetime.now(UTC).replace(microsecond=0)
ROW = Row(host="17001-rtr", state=HealthState.DOWN)

# As they came back from Nagios 4.4.6: through its command file, and through cmd.cgi.
MEASURED = [
    ("a;b;c", "a,b,c", "a,b,c"),
    ("<b>x</b>", "<b>x</b>", "‹b›x‹/b›"),
    ("a & b &amp; c", "a & b &amp, c", "a & b &amp, c"),
    ('say "hi"', 'say "hi"', 'say "hi"'),
    ("l'onduleur d'été", "l'onduleur d'été", "l'onduleur d'été"),
    ("back\\slash \\n x", "back\\slash \\n x", "back\\slash \\n x"),
    ("👩🏽\u200d💻 🇫🇷", "👩🏽\u200d💻 🇫🇷", "👩🏽\u200d💻 🇫🇷"),
    ("line1\nline2\r\n", "line1 line2", "line1 line2"),
    ("=a=b", "=a=b", "=a=b"),
    ("$HOSTNAME$ `x` | {y} #", "$HOSTNAME$ `x` | {y} #", "$HOSTNAME$ `x` | {y} #"),
    ("%41%20+x", "%41%20+x", "%41%20+x"),
    ("\ttab\u00a0x", "tab x", "tab x"),
    (";;", ",,", ",,"),
    ("\x07\x00", "", ""),
]

anything = st.text(max_size=300) | st.text(st.sampled_from("<>&;\"'\\é👩🏽\u200d💻 \n\r\t=,‹›a"))
lengths = st.builds(
    lambda part, times: part * times, st.sampled_from("aé👩;< "), st.integers(0, 5000)
)


def wish(text: str) -> Action:
    return Action(
        id="1",
        source="n",
        stream=Stream.HEALTH,
        key="17001-rtr",
        verb=Verb.DOWNTIME,
        by="Agent; <Un>",
        text=text,
        at=AT,
        baseline="[]",
        until=AT + timedelta(hours=2),
    )


def is_recognised(action: Action, comment: str) -> bool:
    until = action.until
    assert until is not None
    downtime = Downtime(id=1, host="17001-rtr", end=until.timestamp(), comment=comment)
    record = Records(NagiosOptions(path="status.dat")).one(ROW)
    return snapshot_of(action, ROW, record, [downtime]).done


@pytest.mark.parametrize(("text", "line", "cgi"), MEASURED)
def test_nothing_is_lost_that_can_be_said(text: str, line: str, cgi: str) -> None:
    assert texts.for_the_line(text) == line
    assert texts.for_the_cgi(text) == cgi


@settings(deadline=None)
@given(anything | lengths)
def test_a_comment_through_the_command_file_is_recognised(text: str) -> None:
    """By the file, and by the CGIs, where accents are lost."""
    action = wish(text)
    (line,) = Order(action, ROW, []).lines()
    assert len(line.encode()) < 4096
    assert line.isprintable() or "\n" not in line
    nagios = FakeNagios()
    nagios.obeys_after = 0
    nagios.add("17001-rtr", state=1)
    nagios.take_line(f"[0] {line}")
    nagios.status_dat()
    (downtime,) = nagios.downtimes.values()
    assert is_recognised(action, downtime["comment"])
    assert is_recognised(action, _shown(downtime["comment"]))


@settings(deadline=None)
@given(anything | lengths)
def test_a_comment_through_the_cgi_is_recognised(text: str) -> None:
    said = texts.for_the_cgi(text) or texts.NO_WORD
    kept = FakeNagios.stripped(said)
    assert kept == said.strip(), "nothing that the CGI would take away is sent"
    assert is_recognised(wish(text), kept)
    assert is_recognised(wish(text), _shown(kept))


@pytest.mark.parametrize("former", ["travaux; onduleur <2>", "a;b"])
def test_what_an_older_version_sent_is_recognised_through_the_cgi(former: str) -> None:
    assert is_recognised(wish(former), FakeNagios.stripped(former))


@given(st.text("abé ;<", min_size=1), st.text("abé ;<", min_size=1))
def test_other_words_are_not_taken_for_ours(ours: str, theirs: str) -> None:
    def essence(text: str) -> str:
        return "".join(char for char in text if char in "abé") or texts.NO_WORD

    if essence(ours) != essence(theirs) and essence(theirs) != texts.NO_WORD:
        assert not is_recognised(wish(ours), texts.for_the_line(theirs))
