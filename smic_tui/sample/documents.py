"""The JSON files: monitoring and requests as one document each, the journal as lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from smic_tui.sample.backups import SampleRun
from smic_tui.sample.days import french, iso, iso_local
from smic_tui.sample.monitoring import SampleHealth
from smic_tui.sample.requests import SampleRequest

_encoder = msgspec.json.Encoder()


def _document(rows: Iterable[dict[str, Any]], name: str, now: datetime) -> bytes:
    """Returns a JSON document with one row a line, so that people can read it."""
    lines = b",\n".join(_encoder.encode(row) for row in rows)
    head = _encoder.encode({"produit": iso_local(now)})[:-1]
    return head + b',"' + name.encode() + b'":[\n' + lines + b"\n]}\n"


def monitoring_json(objects: Sequence[SampleHealth], now: datetime) -> bytes:
    """Returns the state of every host and service; times are seconds since the epoch."""
    rows = (
        {
            "hote": {"nom": one.host, "site": one.reference},
            "service": one.service or None,
            "etat": one.state,
            "depuis": int(one.since.timestamp()),
            "verifie": int(one.checked.timestamp()),
            "sortie": one.output,
            "suivi": {"acquitte": one.acknowledged, "maintenance": one.downtime},
        }
        for one in objects
    )
    return _document(rows, "objets", now)


def requests_json(requests: Sequence[SampleRequest], now: datetime) -> bytes:
    """Returns the register of requests; times have an offset, due dates are dd/mm/yyyy."""
    rows = (
        {
            "reference": one.reference,
            "objet": one.subject,
            "logiciel": {"nom": one.software},
            "etape": one.stage,
            "adherent": {"code": one.site.member.code, "nom": one.site.member.name},
            "site": one.site.code,
            "demandeur": one.requester,
            "suivi": {"responsable": one.owner or None, "balle": one.turn},
            "dates": {
                "demande": iso_local(one.created),
                "maj": iso_local(one.updated),
                "echeance": french(one.due)[:10] or None,
            },
        }
        for one in requests
    )
    return _document(rows, "demandes", now)


def journal_line(run: SampleRun) -> bytes:
    """Returns a run as a line of the journal; its times are in UTC.

    A tool that does not know the plan writes the site and the application
    instead of the job.
    """
    job = run.job
    row: dict[str, Any] = {"id": run.key}
    if job.protocol.knows_plan:
        row["travail"] = job.key
    else:
        row["site"] = job.site.code
        row["application"] = job.application
    row["debut"] = iso(run.started)
    if run.ended:
        row["fin"] = iso(run.ended)
    row["resultat"] = run.result
    if run.size is not None:
        row["octets"] = run.size
    if run.message:
        row["message"] = run.message
    return _encoder.encode(row) + b"\n"


def journal_jsonl(runs: Sequence[SampleRun]) -> bytes:
    """Returns the whole journal, the oldest run first."""
    return b"".join(map(journal_line, runs))
