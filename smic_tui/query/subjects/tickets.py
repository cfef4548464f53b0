"""The fields of tickets."""

from __future__ import annotations

from smic_tui.i18n import N_, phrase
from smic_tui.query import words
from smic_tui.query.fields import FieldSet, FieldType
from smic_tui.query.subjects.shared import (
    LEVEL,
    MINE,
    OVERDUE,
    SEEN,
    SITE,
    SOURCE,
    STALE,
    UNMATCHED,
    flag_field,
    seconds_since,
    state_field,
    text_field,
    value_field,
)

FIELDS = FieldSet(
    "tickets",
    (
        text_field("id", "numéro key", N_("number of the ticket"), lambda f, at: f.ticket.key),
        text_field("subject", "sujet objet", N_("subject"), lambda f, at: f.ticket.subject),
        SITE,
        state_field(
            "status",
            "statut état state",
            N_("new, open, waiting, resolved or closed"),
            words.TICKET_STATUSES,
            lambda f, at: f.ticket.status,
        ),
        text_field(
            "label",
            "libellé",
            N_("the source's own word for the status"),
            lambda f, at: phrase(f.ticket.status_label),
        ),
        LEVEL,
        value_field(
            "priority",
            "priorité",
            N_("priority, 1 is the most urgent"),
            FieldType.NUMBER,
            lambda f, at: f.ticket.priority,
        ),
        text_field("requester", "demandeur", N_("who asked"), lambda f, at: f.ticket.requester),
        text_field(
            "owner", "responsable attribué", N_("who has taken it"), lambda f, at: f.ticket.owner
        ),
        text_field("queue", "file", N_("queue or project"), lambda f, at: f.ticket.queue),
        text_field(
            "supplier",
            "fournisseur prestataire",
            N_("supplier concerned"),
            lambda f, at: f.ticket.supplier,
        ),
        state_field(
            "waiting",
            "attente",
            N_("who must act next: us, member, supplier …"),
            words.ACTORS,
            lambda f, at: f.ticket.waiting_on,
        ),
        value_field(
            "age",
            "âge",
            N_("time since it was created"),
            FieldType.AGE,
            lambda f, at: seconds_since(f.ticket.created, at.now),
        ),
        value_field(
            "created",
            "créé",
            N_("when it was created"),
            FieldType.PAST,
            lambda f, at: f.ticket.created,
        ),
        value_field(
            "updated",
            "modifié",
            N_("when it last changed"),
            FieldType.PAST,
            lambda f, at: f.ticket.updated,
        ),
        value_field(
            "due",
            "échéance",
            N_("when it must be done"),
            FieldType.FUTURE,
            lambda f, at: f.ticket.due,
        ),
        MINE,
        OVERDUE,
        flag_field(
            "open",
            "ouvert",
            N_("somebody still has to do something"),
            lambda f, at: f.ticket.status.is_open,
        ),
        UNMATCHED,
        STALE,
        SEEN,
        SOURCE,
    ),
)
