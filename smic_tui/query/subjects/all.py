"""The fields of the filter language, subject by subject.

English names are canonical; the first alias is the French name. Descriptions
are shown by help and documentation, translated there.
"""

from __future__ import annotations

from smic_tui.query.fields import FieldSet
from smic_tui.query.subjects.alerts import ALERTS
from smic_tui.query.subjects.backups import BACKUPS
from smic_tui.query.subjects.overview import OVERVIEW
from smic_tui.query.subjects.requests import REQUESTS
from smic_tui.query.subjects.sites import SITES
from smic_tui.query.subjects.sources import SOURCES
from smic_tui.query.subjects.tickets import TICKETS

SUBJECTS: dict[str, FieldSet] = {
    known.subject: known for known in (OVERVIEW, SITES, BACKUPS, TICKETS, REQUESTS, ALERTS, SOURCES)
}


def fields_for(subject: str) -> FieldSet:
    """The fields of one of SUBJECTS; KeyError for anything else."""
    return SUBJECTS[subject]
