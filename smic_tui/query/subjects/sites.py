"""The fields of sites."""

from __future__ import annotations

from smic_tui.i18n import N_, phrase
from smic_tui.model.facts import SiteFact
from smic_tui.model.states import BackupState
from smic_tui.query import words
from smic_tui.query.fields import FieldSet, FieldType, Moment
from smic_tui.query.subjects.shared import (
    SEEN,
    SOURCE,
    STALE,
    flag_field,
    seconds_since,
    state_field,
    text_field,
    value_field,
)
from smic_tui.records import HealthState


def _contacts(fact: SiteFact, _at: Moment) -> tuple[str, ...]:
    return tuple(
        text
        for contact in fact.site.contacts
        for text in (contact.name, contact.role, contact.phone, contact.email)
        if text
    )


def _outputs(fact: SiteFact, _at: Moment) -> tuple[str, ...]:
    return tuple(phrase(health.output) for health in fact.health if health.state not in _QUIET)


_QUIET = (HealthState.UP, HealthState.OK, HealthState.PENDING)
_TROUBLED_BACKUPS = (
    BackupState.LATE,
    BackupState.OVERDUE,
    BackupState.FAILED,
    BackupState.NEVER,
    BackupState.SUSPECT,
)

FIELDS = FieldSet(
    "sites",
    (
        text_field("name", "nom", N_("name of the site"), lambda f, at: f.site.name),
        text_field("code", "", N_("code of the site"), lambda f, at: f.site.code),
        text_field(
            "site",
            "lieu",
            N_("name or code of the site"),
            lambda f, at: (f.site.name, f.site.code),
            searched=False,
        ),
        text_field(
            "member",
            "adhérent commune collectivité",
            N_("name or code of the member"),
            lambda f, at: (f.site.member, f.site.member_code),
        ),
        text_field(
            "kind", "nature type", N_("kind of site: mairie, école …"), lambda f, _: f.site.kind
        ),
        state_field(
            "state",
            "état",
            N_("up, degraded, down or unknown"),
            words.SITE_STATES,
            lambda f, at: f.state,
        ),
        state_field(
            "level",
            "niveau",
            N_("severity of its health"),
            words.LEVELS,
            lambda f, at: f.level,
            ordered=True,
        ),
        state_field(
            "trouble",
            "souci",
            N_("level of the worst thing at the site"),
            words.LEVELS,
            lambda f, at: f.trouble,
            ordered=True,
        ),
        value_field(
            "age",
            "âge",
            N_("time since its trouble began"),
            FieldType.AGE,
            lambda f, at: seconds_since(f.since, at.now),
        ),
        value_field(
            "since", "depuis", N_("when its trouble began"), FieldType.PAST, lambda f, at: f.since
        ),
        value_field(
            "checked",
            "contrôlé vérifié",
            N_("time since the oldest check of its hosts and services"),
            FieldType.AGE,
            lambda f, at: seconds_since(f.checked, at.now),
        ),
        value_field(
            "population",
            "habitants",
            N_("number of inhabitants"),
            FieldType.NUMBER,
            lambda f, at: f.site.population,
        ),
        text_field(
            "line", "ligne", N_("access line: RTC, ADSL, fibre, 4G"), lambda f, at: f.site.line
        ),
        text_field(
            "supplier",
            "fournisseur prestataire",
            N_("first-level supplier"),
            lambda f, at: f.site.supplier,
        ),
        text_field("address", "adresse", N_("postal address"), lambda f, at: f.site.address),
        text_field("contact", "", N_("name, role, telephone or e-mail of a contact"), _contacts),
        text_field(
            "equipment",
            "matériel équipement",
            N_("equipment at the site"),
            lambda f, at: f.site.equipment,
        ),
        text_field(
            "application",
            "logiciel",
            N_("applications used at the site"),
            lambda f, at: f.site.applications,
        ),
        text_field(
            "host",
            "hôte",
            N_("monitored hosts and services"),
            lambda f, at: tuple(name for h in f.health for name in (h.host, h.service) if name),
        ),
        text_field("output", "sortie", N_("what monitoring says of the trouble"), _outputs),
        value_field(
            "tickets",
            "",
            N_("number of open tickets"),
            FieldType.NUMBER,
            lambda f, at: sum(t.ticket.status.is_open for t in f.tickets),
        ),
        value_field(
            "backups",
            "sauvegardes",
            N_("number of backups in trouble"),
            FieldType.NUMBER,
            lambda f, at: sum(b.state in _TROUBLED_BACKUPS for b in f.backups),
        ),
        flag_field(
            "ack", "acquitté", N_("its trouble is acknowledged"), lambda f, at: f.acknowledged
        ),
        flag_field("downtime", "maintenance", N_("in planned downtime"), lambda f, at: f.downtime),
        flag_field(
            "outdated",
            "contrôle-ancien",
            N_("the check of a host or service is older than its interval allows"),
            lambda f, at: f.outdated,
        ),
        STALE,
        SEEN,
        SOURCE,
    ),
)
