"""The words for states that filters accept, English and French alike.

The value of each state is such a word. The others listed here are words that people say
and that screens show. A filter in a configuration must mean the same in any language of
the screen, so the French words stand here and not in a catalogue. The labels, which are
for sentences of the program, are translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from smic_tui.contract.status import SourceState
from smic_tui.i18n import N_
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.records import Actor, HealthState, Stage, TicketStatus


def _words(table: Mapping[Enum, tuple[str, ...]]) -> dict[str, Enum]:
    return {
        word: state
        for state, others in table.items()
        for word in (str(state.value) if isinstance(state.value, str) else "", *others)
        if word
    }


SITE_STATES = _words(
    {
        SiteState.UP: ("en service", "ok"),
        SiteState.DEGRADED: ("dégradé",),
        SiteState.DOWN: ("en panne", "panne", "hors service"),
        SiteState.UNKNOWN: ("inconnu",),
    }
)
BACKUP_STATES = _words(
    {
        BackupState.FRESH: ("à jour",),
        BackupState.RUNNING: ("en cours",),
        BackupState.LATE: ("en retard", "retard"),
        BackupState.OVERDUE: ("hors délai", "dépassée", "dépassé"),
        BackupState.FAILED: ("échouée", "en échec", "échec"),
        BackupState.NEVER: ("never ran", "jamais", "jamais faite"),
        BackupState.SUSPECT: ("douteuse", "douteux"),
        BackupState.UNKNOWN: ("inconnu", "inconnue"),
    }
)
TICKET_STATUSES = _words(
    {
        TicketStatus.NEW: ("nouveau",),
        TicketStatus.OPEN: ("in progress", "ouvert", "en cours"),
        TicketStatus.WAITING: ("en attente", "attente"),
        TicketStatus.RESOLVED: ("résolu",),
        TicketStatus.CLOSED: ("clos", "fermé"),
    }
)
STAGES = _words(
    {
        Stage.ASKED: ("demandée", "demandé"),
        Stage.ANALYSED: ("analysée", "analysé"),
        Stage.WORKING_GROUP: ("groupe de travail",),
        Stage.ORDERED: ("commandée", "commandé"),
        Stage.INSTALLING: ("en installation", "installation"),
        Stage.DONE: ("terminée", "terminé"),
        Stage.REFUSED: ("refusée", "refusé"),
    }
)
ACTORS = _words(
    {
        Actor.US: ("nous",),
        Actor.MEMBER: ("adhérent", "membre"),
        Actor.SUPPLIER: ("fournisseur", "prestataire"),
        Actor.WORKING_GROUP: ("groupe de travail",),
        Actor.NOBODY: ("personne",),
    }
)
SOURCE_STATES = _words(
    {
        SourceState.NEVER: ("jamais lue", "jamais"),
        SourceState.OK: ("bonne",),
        SourceState.UNAVAILABLE: ("indisponible",),
        SourceState.AUTH_FAILED: ("accès refusé",),
        SourceState.BAD_ANSWER: ("mauvaise réponse",),
        SourceState.BUG: ("anomalie",),
    }
)
ALERT_LIVES = _words(
    {
        AlertStatus.PENDING: ("en attente", "attente"),
        AlertStatus.FIRING: ("active", "déclenchée"),
        AlertStatus.ACKNOWLEDGED: ("acquittée", "prise en compte"),
        AlertStatus.CLEARED: ("levée", "terminée"),
    }
)
LEVELS = _words(
    {
        Level.FINE: ("fine", "normal"),
        Level.UNKNOWN: ("unknown", "inconnu"),
        Level.NOTICE: ("notice", "info", "à noter"),
        Level.WARNING: ("warning", "avertissement", "attention"),
        Level.CRITICAL: ("critical", "critique"),
    }
)

HEALTH_LABELS = {
    HealthState.UP: N_("up"),
    HealthState.OK: N_("ok"),
    HealthState.PENDING: N_("pending"),
    HealthState.WARNING: N_("warning"),
    HealthState.UNKNOWN: N_("unknown"),
    HealthState.UNREACHABLE: N_("unreachable"),
    HealthState.CRITICAL: N_("critical"),
    HealthState.DOWN: N_("down"),
}

SITE_LABELS = {
    SiteState.UP: N_("up"),
    SiteState.DEGRADED: N_("degraded"),
    SiteState.DOWN: N_("down"),
    SiteState.UNKNOWN: N_("unknown"),
}
BACKUP_LABELS = {
    BackupState.FRESH: N_("fresh"),
    BackupState.RUNNING: N_("running"),
    BackupState.LATE: N_("late"),
    BackupState.OVERDUE: N_("overdue"),
    BackupState.FAILED: N_("failed"),
    BackupState.NEVER: N_("never ran"),
    BackupState.SUSPECT: N_("suspect"),
    BackupState.UNKNOWN: N_("unknown"),
}
