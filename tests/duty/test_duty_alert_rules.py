from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smic_tui.config.schema import AlertRule, Settings
from smic_tui.duty.alert_rules import evaluate
from smic_tui.i18n import use
from smic_tui.insight.alert_facts import AlertFacts
from smic_tui.model.alert_store import NO_ALERTS, AlertEntry, AlertStore
from smic_tui.model.facts import AlertFact
from smic_tui.model.states import AlertStatus, Level
from smic_tui.model.user_state import Acknowledgement, UserState
from smic_tui.records import HealthState, Record, RunResult
from tests.insight.insight_examples import (
    NOW,
    ago,
    health,
    job,
    request,
    run,
    site,
    situation,
    ticket,
)

ARS = site("1", "Ars", supplier="Océan")
DOWN = health("1", HealthState.DOWN)
UP = health("1", HealthState.UP)
FINGERPRINT = "down/members/1"


@pytest.fixture(autouse=True)
def english() -> None:
    use("en")


def rules(*many: AlertRule) -> Settings:
    return Settings(alerts=many)


def down_rule(hold: str = "0s", **rest: Any) -> AlertRule:
    return AlertRule(name="down", on="sites", where="state:down", hold=hold, **rest)


def minute(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


class Story:
    """Situations one after another, and what becomes of the alerts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.book: AlertStore = NO_ALERTS
        self.user = UserState()
        self.now = NOW

    def at(self, minutes: float, *records: Record, **rest: Any) -> dict[str, str]:
        """The life of each alert once `records` are what is known at that minute."""
        self.now = minute(minutes)
        found = situation(*records, now=self.now, **rest)
        # The memory survives a restart: it is read back from a file each time.
        stored = msgspec.json.encode(evaluate(found, self.book, self.settings, self.now))
        self.book = msgspec.json.decode(stored, type=dict[str, AlertEntry])
        self.sites = found.sites_by_key
        return {fact.fingerprint: str(fact.status) for fact in self.facts()}

    def facts(self) -> tuple[AlertFact, ...]:
        return AlertFacts(self.settings).of(self.book, self.sites, self.user, self.now)

    def fact(self, fingerprint: str) -> AlertFact:
        return next(fact for fact in self.facts() if fact.fingerprint == fingerprint)

    def acknowledge(self, fingerprint: str, **rest: Any) -> None:
        given = Acknowledgement(fingerprint=fingerprint, by="anne", at=self.now, **rest)
        self.user = UserState(acknowledgements={fingerprint: given})


def test_without_a_hold_it_fires_and_clears_at_once() -> None:
    story = Story(rules(down_rule(severity="critical", bell=True, text="Call the supplier.")))
    assert story.at(0, ARS, UP) == {}
    assert story.at(1, ARS, DOWN) == {FINGERPRINT: "firing"}
    fact = story.fact(FINGERPRINT)
    assert (fact.since, fact.fired) == (minute(1), minute(1))
    assert (fact.severity, fact.bell, fact.text) == (Level.CRITICAL, True, "Call the supplier.")
    assert (fact.site, fact.site_name, fact.summary) == ("members/1", "Ars", "down")
    assert (fact.source, fact.key, fact.subject) == ("members", "1", "sites")
    assert story.at(2, ARS, UP) == {FINGERPRINT: "cleared"}
    assert story.fact(FINGERPRINT).cleared == minute(2)


def test_an_alert_knows_since_when_the_trouble_lasts_and_when_it_was_seen() -> None:
    story = Story(rules(down_rule()))
    began = NOW - timedelta(days=57)
    story.at(1, ARS, health("1", HealthState.DOWN, since=began))
    fact = story.fact(FINGERPRINT)
    assert (fact.began, fact.since) == (began, minute(1))
    story.at(3, ARS, health("1", HealthState.DOWN, since=None))
    assert story.fact(FINGERPRINT).began is None


def test_hold_time_before_it_fires_and_before_it_clears() -> None:
    story = Story(rules(down_rule("5m")))
    assert story.at(0, ARS, DOWN) == {FINGERPRINT: "pending"}
    assert story.at(4.9, ARS, DOWN) == {FINGERPRINT: "pending"}
    assert story.at(5, ARS, DOWN) == {FINGERPRINT: "firing"}
    assert story.fact(FINGERPRINT).since == NOW
    assert story.fact(FINGERPRINT).fired == minute(5)
    assert story.at(6, ARS, UP) == {FINGERPRINT: "firing"}
    assert story.at(10.9, ARS, UP) == {FINGERPRINT: "firing"}
    assert story.at(11, ARS, UP) == {FINGERPRINT: "cleared"}


def test_what_is_true_too_briefly_never_fires() -> None:
    story = Story(rules(down_rule("5m")))
    for start in range(0, 60, 6):
        assert story.at(start, ARS, DOWN) == {FINGERPRINT: "pending"}
        assert story.at(start + 4, ARS, DOWN) == {FINGERPRINT: "pending"}
        assert story.at(start + 5, ARS, UP) == {}


def test_flapping_after_it_fired_is_one_alert() -> None:
    story = Story(rules(down_rule("5m")))
    story.at(0, ARS, DOWN)
    story.at(5, ARS, DOWN)
    for start in range(6, 66, 6):
        assert story.at(start, ARS, UP) == {FINGERPRINT: "firing"}
        assert story.at(start + 4, ARS, DOWN) == {FINGERPRINT: "firing"}
    assert story.fact(FINGERPRINT).fired == minute(5)


def test_cleared_is_kept_a_day_and_a_new_life_begins_with_a_new_hold() -> None:
    story = Story(rules(down_rule("5m")))
    story.at(0, ARS, DOWN)
    story.at(5, ARS, DOWN)
    story.at(6, ARS, UP)
    assert story.at(11, ARS, UP) == {FINGERPRINT: "cleared"}
    assert story.at(11 + 24 * 60 - 1, ARS, UP) == {FINGERPRINT: "cleared"}
    assert story.at(11 + 24 * 60, ARS, UP) == {}

    story.book = NO_ALERTS
    story.at(0, ARS, DOWN)
    story.at(5, ARS, DOWN)
    story.at(6, ARS, UP)
    story.at(11, ARS, UP)
    assert story.at(20, ARS, DOWN) == {FINGERPRINT: "pending"}
    assert story.at(25, ARS, DOWN) == {FINGERPRINT: "firing"}
    assert story.fact(FINGERPRINT).since == minute(20)


def test_a_fact_that_is_gone_clears_its_alert() -> None:
    story = Story(rules(down_rule()))
    story.at(0, ARS, DOWN)
    assert story.at(1, empty=["members", "icinga"]) == {FINGERPRINT: "cleared"}


@pytest.mark.parametrize("stale", ["icinga", "members"])
def test_a_stale_source_clears_nothing(stale: str) -> None:
    story = Story(rules(down_rule("5m")))
    story.at(0, ARS, DOWN)
    assert story.at(5, ARS, DOWN)[FINGERPRINT] == "firing"
    for minutes in (6, 20, 3000):
        lives = story.at(minutes, ARS, DOWN if stale == "members" else UP, stale=[stale])
        assert lives[FINGERPRINT] == "firing"
        assert story.fact(FINGERPRINT).blind
    # seen again: the time that it must be untrue begins now
    assert story.at(3001, ARS, UP)[FINGERPRINT] == "firing"
    assert not story.fact(FINGERPRINT).blind
    assert story.at(3006, ARS, UP)[FINGERPRINT] == "cleared"


def test_a_check_that_is_outdated_clears_nothing() -> None:
    story = Story(rules(down_rule("5m")))
    story.at(0, ARS, DOWN)
    assert story.at(5, ARS, DOWN)[FINGERPRINT] == "firing"
    for minutes in (6, 20, 3000):
        assert story.at(minutes, ARS, replace(DOWN, outdated=True))[FINGERPRINT] == "firing"
        assert story.fact(FINGERPRINT).blind
    assert story.at(3001, ARS, UP)[FINGERPRINT] == "firing"
    assert not story.fact(FINGERPRINT).blind
    assert story.at(3006, ARS, UP)[FINGERPRINT] == "cleared"


def test_an_old_check_that_hides_nothing_lets_alerts_clear() -> None:
    """A passive service that nobody reports any more must not keep the site's alerts for ever."""
    story = Story(rules(down_rule()))
    well = replace(UP, key="s", service="certificat", state=HealthState.OK, outdated=True)
    assert story.at(0, ARS, DOWN, well)[FINGERPRINT] == "firing"
    assert story.at(1, ARS, UP, well)[FINGERPRINT] == "cleared"


def test_what_was_untrue_before_it_went_blind_does_not_count() -> None:
    story = Story(rules(down_rule("5m")))
    story.at(0, ARS, DOWN)
    story.at(5, ARS, DOWN)
    story.at(6, ARS, UP)
    story.at(10, ARS, UP, stale=["icinga"])
    assert story.at(12, ARS, UP)[FINGERPRINT] == "firing"
    assert story.at(17, ARS, UP)[FINGERPRINT] == "cleared"


def test_a_fact_gone_from_a_stale_source_stays_blind() -> None:
    story = Story(rules(down_rule()))
    story.at(0, ARS, DOWN)
    lives = story.at(1, empty=["members", "icinga"], stale=["members"])
    assert lives[FINGERPRINT] == "firing"
    assert story.fact(FINGERPRINT).blind


def test_a_pending_alert_waits_while_blind_and_does_not_fire_unseen() -> None:
    story = Story(rules(down_rule("5m")))
    story.at(0, ARS, DOWN)
    assert story.at(10, ARS, DOWN, stale=["icinga"])[FINGERPRINT] == "pending"
    assert story.at(11, ARS, UP) == {}


def test_a_rule_on_what_a_site_is_made_of_is_blind_with_that_source() -> None:
    rule = AlertRule(name="backups", on="sites", where="backups>0")
    story = Story(rules(rule))
    late = (job("a", "1", period=60), run(ago(days=9), job="a"))
    assert story.at(0, ARS, UP, *late) == {"backups/members/1": "firing"}
    assert story.at(1, ARS, UP, *late, stale=["plan"])["backups/members/1"] == "firing"
    assert story.fact("backups/members/1").blind


def test_each_subject() -> None:
    story = Story(
        rules(
            AlertRule(name="b", on="backups", where="état:échec", severity="info"),
            AlertRule(name="t", on="tickets", where="priority:1"),
            AlertRule(name="r", on="requests", where="waiting:us age>7d"),
            AlertRule(name="s", on="sources", where="rows>2 name:plan"),
        )
    )
    lives = story.at(
        0,
        ARS,
        UP,
        job("a", "1", application="paie"),
        run(ago(hours=1), RunResult.FAILED, job="a"),
        run(ago(days=1), job="a"),
        ticket("7", site="Atlantide", priority=1, subject="En panne"),
        request("8", site="1", subject="Cimetières"),
    )
    assert set(lives) == {"b/plan/a", "t/redmine/7", "r/catalogue/8", "s/plan"}
    assert {fact.summary for fact in story.facts()} == {
        "backup of paie: failed",
        "Atlantide: #7 En panne",
        "#8 Cimetières",
        "plan: nothing is the matter",
    }
    assert story.fact("b/plan/a").severity is Level.NOTICE
    assert story.fact("t/redmine/7").site == ""


# -- acknowledgement


def test_acknowledged_until_a_time() -> None:
    story = Story(rules(down_rule()))
    story.at(0, ARS, DOWN)
    story.acknowledge(FINGERPRINT, until=minute(60))
    assert story.at(59, ARS, DOWN) == {FINGERPRINT: "acknowledged"}
    fact = story.fact(FINGERPRINT)
    assert (fact.acknowledged_by, fact.acknowledged_until) == ("anne", minute(60))
    assert story.at(60, ARS, DOWN) == {FINGERPRINT: "firing"}
    assert story.fact(FINGERPRINT).acknowledged_by == ""


def test_acknowledged_until_it_changes() -> None:
    story = Story(rules(down_rule()))
    story.at(0, ARS, DOWN)
    story.acknowledge(FINGERPRINT, digest=story.fact(FINGERPRINT).digest)
    assert story.at(1, ARS, DOWN) == {FINGERPRINT: "acknowledged"}
    chatter = health("1", HealthState.DOWN, output="another word", checked=NOW)
    assert story.at(2, ARS, chatter) == {FINGERPRINT: "acknowledged"}
    worse = health("1", HealthState.DOWN, host="second")
    assert story.at(3, ARS, DOWN, worse) == {FINGERPRINT: "firing"}


def test_an_acknowledgement_without_a_time_is_for_this_life_only() -> None:
    story = Story(rules(down_rule()))
    story.at(0, ARS, DOWN)
    story.acknowledge(FINGERPRINT)
    assert story.at(1, ARS, DOWN) == {FINGERPRINT: "acknowledged"}
    assert story.at(2, ARS, UP) == {FINGERPRINT: "cleared"}
    assert story.at(3, ARS, DOWN) == {FINGERPRINT: "firing"}


# -- built-in rules


def test_a_stale_source_raises_its_own_alert_after_two_minutes() -> None:
    story = Story(rules())
    assert story.at(0, ARS, UP, stale=["icinga"]) == {"source-stale/icinga": "pending"}
    assert story.at(2, ARS, UP, stale=["icinga"]) == {"source-stale/icinga": "firing"}
    fact = story.fact("source-stale/icinga")
    assert (fact.severity, fact.rule, fact.summary) == (
        Level.WARNING,
        "source-stale",
        "icinga: stale · no answer",
    )
    assert fact.text
    assert story.at(3, ARS, UP) == {"source-stale/icinga": "firing"}
    assert story.at(5, ARS, UP) == {"source-stale/icinga": "cleared"}


def test_a_rule_of_that_name_replaces_the_built_in_one() -> None:
    own = AlertRule(name="source-stale", on="sources", where="is:stale", severity="critical")
    story = Story(rules(own))
    assert story.at(0, ARS, UP, stale=["icinga"]) == {"source-stale/icinga": "firing"}
    assert story.fact("source-stale/icinga").severity is Level.CRITICAL


def test_a_broken_rule_is_an_alert_and_leaves_its_alerts_as_they_are() -> None:
    story = Story(rules(down_rule()))
    story.at(0, ARS, DOWN)
    story.settings = rules(AlertRule(name="down", on="sites", where="stat:down"))
    lives = story.at(1, ARS, UP)
    assert lives == {"rule-broken/down": "firing", FINGERPRINT: "firing"}
    assert story.fact(FINGERPRINT).blind
    assert "state" in story.fact("rule-broken/down").summary
    story.settings = rules(down_rule())
    assert story.at(2, ARS, UP) == {"rule-broken/down": "cleared", FINGERPRINT: "cleared"}


def test_a_rule_that_is_gone_clears_its_alerts_even_behind_a_stale_source() -> None:
    story = Story(rules(down_rule()))
    story.at(0, ARS, DOWN)
    story.settings = rules()
    stale = ["icinga", "members"]
    assert story.at(1, ARS, DOWN, stale=stale)[FINGERPRINT] == "cleared"


# -- a supplier's outage


def outage(count: int, since: datetime = NOW) -> list[Record]:
    records: list[Record] = []
    for n in range(40):
        records.append(site(f"{n}", f"Commune {n}", supplier="Océan"))
        state = HealthState.DOWN if n < count else HealthState.UP
        records.append(health(f"{n}", state, since=since))
    return records


SUPPLIER = "down/supplier/ocean"


def test_an_outage_of_a_supplier_is_one_alert() -> None:
    story = Story(rules(down_rule("5m")))
    assert story.at(0, *outage(40)) == {SUPPLIER: "pending"}
    assert story.at(5, *outage(40)) == {SUPPLIER: "firing"}
    fact = story.fact(SUPPLIER)
    assert (fact.summary, fact.site) == ("Océan: 40 sites down", "")
    assert story.at(6, *outage(0)) == {SUPPLIER: "firing"}
    assert story.at(11, *outage(0)) == {SUPPLIER: "cleared"}


def test_it_takes_over_the_alerts_of_its_first_sites_and_their_beginning() -> None:
    story = Story(rules(down_rule("5m")))
    assert len(story.at(0, *outage(3))) == 3
    assert story.at(4, *outage(20)) == {SUPPLIER: "pending"}
    assert story.at(5, *outage(20)) == {SUPPLIER: "firing"}
    assert story.fact(SUPPLIER).since == NOW


def test_it_ends_without_new_alerts_for_the_last_sites() -> None:
    story = Story(rules(down_rule("5m")))
    story.at(0, *outage(40))
    story.at(5, *outage(40))
    for left in (9, 4, 2):
        assert story.at(10, *outage(left)) == {SUPPLIER: "firing"}
    lives = story.at(12, *outage(1))
    assert lives == {"down/members/0": "firing", SUPPLIER: "cleared"}
    last = story.fact("down/members/0")
    assert (last.since, last.fired) == (NOW, minute(5))  # nothing that would ring again


def test_acknowledged_until_it_changes_it_comes_back_when_it_doubles() -> None:
    story = Story(rules(down_rule()))
    story.at(0, *outage(9))
    story.acknowledge(SUPPLIER, digest=story.fact(SUPPLIER).digest)
    assert story.at(1, *outage(12)) == {SUPPLIER: "acknowledged"}
    assert story.at(2, *outage(30)) == {SUPPLIER: "firing"}


def test_an_outage_is_blind_behind_stale_monitoring() -> None:
    story = Story(rules(down_rule()))
    story.at(0, *outage(9))
    assert story.at(1, *outage(0), stale=["icinga"])[SUPPLIER] == "firing"
    assert story.fact(SUPPLIER).blind


def test_a_rule_that_asks_for_something_else_is_not_grouped() -> None:
    story = Story(rules(AlertRule(name="down", on="sites", where="commune")))
    assert len(story.at(0, *outage(9))) == 40


# -- order and properties


def test_firing_first_the_most_severe_and_the_newest_first() -> None:
    def entry(name: str, rule: str, fired: float | None, **rest: Any) -> AlertEntry:
        return AlertEntry(
            fingerprint=name,
            rule=rule,
            subject="sites",
            source="s",
            key=name,
            since=minute(0),
            fired=None if fired is None else minute(fired),
            **rest,
        )

    settings = rules(
        AlertRule(name="c", on="sites", where="", severity="critical"),
        AlertRule(name="w", on="sites", where=""),
    )
    entries = [
        entry("cleared", "c", 1, cleared=minute(2)),
        entry("pending", "c", None),
        entry("acknowledged", "c", 1),
        entry("old", "w", 1),
        entry("new", "w", 2),
        entry("critical", "c", 1),
    ]
    user = UserState(
        acknowledgements={
            "acknowledged": Acknowledgement(fingerprint="acknowledged", by="a", at=minute(3))
        }
    )
    book = {one.fingerprint: one for one in entries}
    found = AlertFacts(settings).of(book, {}, user, minute(5))
    assert [fact.fingerprint for fact in found] == [
        "critical",
        "new",
        "old",
        "acknowledged",
        "pending",
        "cleared",
    ]


STEPS = st.lists(
    st.tuples(
        st.integers(1, 20),  # minutes later
        st.sampled_from([HealthState.UP, HealthState.DOWN, None]),  # None: not in the answer
        st.booleans(),  # stale
    ),
    max_size=25,
)


@given(STEPS, st.sampled_from([0, 5, 17]))
def test_the_life_of_an_alert_against_its_definition(
    steps: list[tuple[int, HealthState | None, bool]], hold: int
) -> None:
    story = Story(rules(down_rule(f"{hold}m")))
    at = 0
    true_since: int | None = None
    fired = False
    untrue_since: int | None = None
    for later, state, stale in steps:
        at += later
        records = [ARS] + ([health("1", state)] if state else [])
        lives = story.at(
            at, *records, stale=["icinga"] if stale and state else [], empty=["icinga"]
        )
        alive = true_since is not None
        if state is HealthState.DOWN and not stale:
            untrue_since = None
            if not alive:
                true_since, fired = at, False
            assert true_since is not None
            fired = fired or at - true_since >= hold
        elif stale and state:
            untrue_since = None
        elif alive and not fired:
            true_since = None
        elif alive:
            untrue_since = at if untrue_since is None else untrue_since
            if at - untrue_since >= hold:
                true_since, fired, untrue_since = None, False, None
        expected = None if true_since is None else ("firing" if fired else "pending")
        found = lives.get(FINGERPRINT)
        assert (None if found == AlertStatus.CLEARED else found) == expected
