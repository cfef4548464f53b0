"""The life of alerts: `AlertRules` gives the next memory from the last one and the facts.

An alert is a rule that is true of a subject (`alert_subjects`); its fingerprint
is the rule's name and the subject's key ("down/members/17300").

- *pending*: the rule is true, for less than its hold time. When it is true no
  longer, the alert is forgotten.
- *fires* when it has been true for the hold time.
- *clears* when an alert that fired has been seen untrue for the hold time, again
  without interruption: a condition that comes and goes faster is one alert, not
  many. A cleared alert is kept for a day; if the rule is true again meanwhile, a
  new life begins with a new hold.
- *blind*: while a source that the subject rests on is stale, an alert that is
  no longer seen to be true neither clears nor is forgotten. After that, the time
  that it must be untrue begins anew.

Sites that are down together behind one supplier (`supplier_groups`) are one
subject of a rule on sites that asks for their state, level or trouble. It takes
over the alerts of its sites with the earliest beginning; when it falls apart,
those that are left go on as single alerts that have fired already.

Two rules are built in; a rule of the same name in the configuration replaces them:

- `source-stale`, warning: a source has been stale for two minutes, the time that
  a program just started needs to read it.
- `rule-broken`, warning: the filter of a rule cannot be understood. Alerts of
  that rule stay as they are, blind, until it is corrected.

An alert of a rule that is gone from the configuration clears at once. The memory
holds all there is: a restart changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from smic_tui.config.duration import seconds
from smic_tui.config.schema import AlertRule, Settings
from smic_tui.duty.alert_selection import Selections
from smic_tui.duty.alert_subjects import (
    SUPPLIER,
    AlertSubject,
    Fact,
    is_blind,
    subject_of,
    subject_of_group,
)
from smic_tui.i18n import labelled, recording
from smic_tui.insight.alert_facts import BROKEN_RULE, STALE_RULE
from smic_tui.insight.supplier_groups import is_hit, supplier_groups
from smic_tui.model.alert_store import AlertEntry, AlertStore
from smic_tui.model.facts import SiteFact, Situation
from smic_tui.model.subjects import WATCHED
from smic_tui.query.parser import Query, QuerySyntaxError, parse
from smic_tui.query.subjects.all import fields_for
from smic_tui.system.turns import exclusive, yield_turn, yielding
from smic_tui.text import fold

KEPT = timedelta(days=1)
STALE_HOLD = timedelta(minutes=2)
AT_ONCE = timedelta()
GROUPING_FIELDS = frozenset({"state", "level", "trouble"})


def _facts(situation: Situation, subject: str) -> Sequence[Fact]:
    """The facts of what rules watch; none of "rules", which are no subject."""
    watched = WATCHED.get(subject)
    return () if watched is None else watched.facts(situation)


class _Rule:
    """One rule at work on its part of the memory."""

    def __init__(
        self,
        name: str,
        on: str,
        hold: timedelta,
        store: AlertStore,
        situation: Situation,
        now: datetime,
    ) -> None:
        """`store` has the entries of this rule alone."""
        self.name = name
        self.on = on
        self.hold = hold
        self.now = now
        self.situation = situation
        self.before = store
        self.after: dict[str, AlertEntry] = {}
        self.absorbed: set[str] = set()
        self.dissolved: set[str] = set()

    def fingerprint(self, key: str) -> str:
        return f"{self.name}/{key}"

    def alive(self, key: str) -> AlertEntry | None:
        """The entry of a subject that has not cleared."""
        entry = self.before.get(self.fingerprint(key))
        return entry if entry and entry.cleared is None else None

    def hold_true(self, subject: AlertSubject, inherited: AlertEntry | None = None) -> None:
        """The rule is true of `subject`; `inherited` is the alert that told so before."""
        fingerprint = self.fingerprint(subject.key)
        entry = self.alive(subject.key) or inherited
        since = entry.since if entry else self.now
        fired = entry.fired if entry else None
        if fired is None and self.now - since >= self.hold:
            fired = self.now
        current = AlertEntry(
            fingerprint=fingerprint,
            rule=self.name,
            subject=self.on,
            source=subject.source,
            key=subject.record_key,
            site=subject.site,
            summary=subject.summary,
            since=since,
            began=subject.began,
            fired=fired,
            digest=subject.digest,
            blind=subject.blind,
        )
        # What stays the same is the same object: nothing has to be compared or written.
        self.after[fingerprint] = entry if entry is not None and entry == current else current

    def keep_blind(self) -> None:
        """Keep all alerts of this rule blind: whether it holds cannot be seen."""
        for fingerprint, entry in self.before.items():
            if entry.cleared is None:
                self.after[fingerprint] = replace(entry, blind=True, quiet_since=None)
            else:
                self.age(entry)

    def age(self, entry: AlertEntry) -> None:
        """Keep a cleared entry for its day."""
        if entry.cleared is not None and self.now - entry.cleared < KEPT:
            self.after[entry.fingerprint] = entry

    def clear(self, entry: AlertEntry) -> None:
        if entry.fired is not None:
            self.after[entry.fingerprint] = replace(
                entry, cleared=self.now, blind=False, quiet_since=None
            )

    def clear_all(self) -> None:
        """The rule itself is gone."""
        for entry in self.before.values():
            if entry.cleared is None:
                self.clear(entry)
            else:
                self.age(entry)

    def settle(self) -> None:
        """What becomes of the alerts that the rule is not seen to be true of."""
        left = [
            entry
            for fingerprint, entry in self.before.items()
            if fingerprint not in self.after and fingerprint not in self.absorbed
        ]
        if not left:
            return
        facts = self.facts_of(left)
        for entry in yielding(left):
            if entry.cleared is not None:
                self.age(entry)
            elif entry.fingerprint in self.dissolved:
                self.clear(entry)
            elif self.is_unseen(entry, facts.get(entry.fingerprint)):
                self.after[entry.fingerprint] = replace(entry, blind=True, quiet_since=None)
            else:
                self.grow_quiet(entry)

    def facts_of(self, entries: Iterable[AlertEntry]) -> dict[str, Fact]:
        """The facts that these alerts are about, where there still are any; by fingerprint."""
        found: dict[str, Fact] = {}
        unseen: set[str] = set()
        for entry in entries:
            if entry.cleared is None:
                fact = self.fact_at_site(entry)
                if fact is None:
                    unseen.add(entry.fingerprint)
                else:
                    found[entry.fingerprint] = fact
        if unseen:
            # It belongs to another site now, to none, or is no more.
            for fact in _facts(self.situation, self.on):
                fingerprint = self.fingerprint(fact.key)
                if fingerprint in unseen:
                    found[fingerprint] = fact
        return found

    def fact_at_site(self, entry: AlertEntry) -> Fact | None:
        site = self.situation.sites_by_key.get(entry.site)
        if site is None:
            return None
        at_site: Mapping[str, Sequence[Fact]] = {
            "sites": (site,),
            "backups": site.backups,
            "tickets": site.tickets,
            "requests": site.requests,
        }
        return next(
            (
                fact
                for fact in at_site.get(self.on, ())
                if self.fingerprint(fact.key) == entry.fingerprint
            ),
            None,
        )

    def grow_quiet(self, entry: AlertEntry) -> None:
        quiet = entry.quiet_since or self.now
        if self.now - quiet >= self.hold:
            self.clear(entry)
        elif entry.fired is not None:
            self.after[entry.fingerprint] = replace(entry, blind=False, quiet_since=quiet)

    def is_unseen(self, entry: AlertEntry, fact: Fact | None) -> bool:
        """Whether a stale source hides if the rule still holds for `entry`."""
        if fact is not None:
            return is_blind(fact)
        if entry.key.startswith(SUPPLIER) and not entry.source:
            supplier = entry.key.removeprefix(SUPPLIER)
            return any(
                site.stale for site in self.situation.sites if fold(site.site.supplier) == supplier
            )
        return any(source.stale for source in self.situation.sources if source.key == entry.source)

    # -- many sites behind one supplier

    def hold_true_of_sites(self, sites: Iterable[tuple[SiteFact, AlertSubject]]) -> None:
        """The rule is true of `sites`; those that are down together are one subject."""
        subjects = {fact.key: subject for fact, subject in sites}
        found = tuple(self.situation.sites_by_key[key] for key in subjects)
        known = {
            entry.key.removeprefix(SUPPLIER): entry
            for entry in self.before.values()
            if entry.cleared is None and entry.key.startswith(SUPPLIER) and not entry.source
        }
        grouped: set[str] = set()
        groups = supplier_groups(found, known)
        for group in groups:
            members = [self.alive(fact.key) for fact in group.sites]
            taken_over = [entry for entry in members if entry]
            self.absorbed.update(entry.fingerprint for entry in taken_over)
            grouped.update(fact.key for fact in group.sites)
            eldest = min(taken_over, key=lambda entry: entry.since, default=None)
            self.hold_true(subject_of_group(group), replace(eldest, fired=None) if eldest else None)
        gone = {key: known[key] for key in known.keys() - {group.key for group in groups}}
        for fact in yielding(found):
            if fact.key in grouped:
                continue
            was_in = gone.get(fold(fact.site.supplier)) if is_hit(fact) else None
            if was_in:
                self.dissolved.add(was_in.fingerprint)
            self.hold_true(subjects[fact.key], was_in)


def _run(rule: _Rule, query: Query, selections: Selections) -> None:
    facts = _facts(rule.situation, rule.on)
    found = selections.chosen(query, rule.on, facts, rule.situation, rule.now)
    if rule.on == "sites" and query.mentioned & GROUPING_FIELDS:
        rule.hold_true_of_sites(
            (fact, subject) for fact, subject in found if isinstance(fact, SiteFact)
        )
    else:
        for _fact, subject in yielding(found):
            rule.hold_true(subject)
    rule.settle()


def _parsed(rule: AlertRule, settings: Settings) -> Query:
    """The filter of a rule; raises `QuerySyntaxError` with a message that can be stored."""
    with recording():
        return parse(rule.where, fields_for(rule.on), settings.display.timezone)


def _broken_subject(rule: AlertRule, error: QuerySyntaxError) -> AlertSubject:
    pointed = f"{rule.where[: error.column]}▸{rule.where[error.column :]}"
    return AlertSubject(
        key=rule.name,
        source="",
        record_key=rule.name,
        site="",
        summary=labelled(rule.name, f"{error.message} ({pointed})"),
        digest=rule.where,
        blind=False,
    )


class AlertRules:
    """Evaluates the alert rules of one configuration. Safe for threads, one at a time.

    Only the program that collects does; everybody else reads what it has stored.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._selections = Selections()

    def evaluate(self, situation: Situation, store: AlertStore, now: datetime) -> AlertStore:
        """The memory of alerts at `now` (UTC): `store` carried on by what `situation` shows.

        The result depends on the arguments alone.
        """
        with exclusive():
            return _evaluate(situation, store, self._settings, now, self._selections)


def evaluate(
    situation: Situation, store: AlertStore, settings: Settings, now: datetime
) -> AlertStore:
    """As `AlertRules` does, with nothing remembered. Pure."""
    return AlertRules(settings).evaluate(situation, store, now)


def _evaluate(
    situation: Situation,
    store: AlertStore,
    settings: Settings,
    now: datetime,
    selections: Selections,
) -> AlertStore:
    after: dict[str, AlertEntry] = {}
    by_rule: dict[str, dict[str, AlertEntry]] = defaultdict(dict)
    for fingerprint, entry in yielding(store.items()):
        by_rule[entry.rule][fingerprint] = entry
    broken = _Rule(BROKEN_RULE, "rules", AT_ONCE, by_rule[BROKEN_RULE], situation, now)
    names = {rule.name for rule in settings.alerts}
    for rule in settings.alerts:
        at_work = _Rule(
            rule.name,
            rule.on,
            timedelta(seconds=seconds(rule.hold)),
            by_rule[rule.name],
            situation,
            now,
        )
        try:
            query = _parsed(rule, settings)
        except QuerySyntaxError as error:
            at_work.keep_blind()
            if BROKEN_RULE not in names:
                broken.hold_true(_broken_subject(rule, error))
        else:
            _run(at_work, query, selections)
        after.update(at_work.after)
        yield_turn()
    if BROKEN_RULE not in names:
        broken.settle()
        after.update(broken.after)
    if STALE_RULE not in names:
        stale = _Rule(STALE_RULE, "sources", STALE_HOLD, by_rule[STALE_RULE], situation, now)
        for source in situation.sources:
            if source.stale:
                stale.hold_true(subject_of(source))
        stale.settle()
        after.update(stale.after)
    for gone in by_rule.keys() - names - {BROKEN_RULE, STALE_RULE}:
        rule_gone = _Rule(gone, "rules", AT_ONCE, by_rule[gone], situation, now)
        rule_gone.clear_all()
        after.update(rule_gone.after)
    return after
