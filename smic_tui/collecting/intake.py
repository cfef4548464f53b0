"""Checks and cleans what adapters bring: no record gets further without passing here.

Every text is cleaned, every time becomes UTC, every record names its source, and
every value has the type that its field declares. A record that fails is rejected with
the reason; the rest of the batch gets in.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from smic_tui.contract.batch import Batch, Rejected
from smic_tui.i18n import _
from smic_tui.records import RECORD_TYPES, BackupJob, BackupRun, Record, Site, Stream, Ticket
from smic_tui.system.turns import exclusive_for, yielding
from smic_tui.text import clean, clean_phrase

SAMPLE = 160
# The largest integer that every JSON reader understands exactly.
_LARGEST = 2**53
_DEEPEST = 8
# Fields in which an adapter may speak for itself, and not its source alone.
_PHRASES = frozenset({"output", "message", "status_label", "stage_label"})
_WEB = ("http://", "https://")


class Admitted(Struct, frozen=True, kw_only=True):
    """The part of a batch that got in.

    `refused` are the keys of records that were rejected: the source still has
    them, so that a full reading does not take them for deleted; `unseen` are the parts
    about which it says nothing.
    """

    upserts: Mapping[str, Record]
    deletes: frozenset[str]
    refused: frozenset[str]
    rejected: tuple[Rejected, ...]
    unseen: frozenset[str] = frozenset()


def admit(source: str, stream: Stream, batch: Batch) -> Admitted:
    """Check and clean a batch of the source called `source`. Takes milliseconds per 100 rows.

    Rows that are relayed are of the source `relayed_name`, and go by a key that keeps
    them apart from those of other origins. A large batch waits for its turn to compute:
    such a call belongs off the event loop.
    """
    name = relayed_name(source, batch.origin) if batch.origin else source
    upserts: dict[str, Record] = {}
    refused: set[str] = set()
    rejected = [_clean_rejected(row) for row in batch.rejected]
    with exclusive_for(len(batch.upserts)):
        for record in yielding(batch.upserts):
            try:
                row = _admit(name, stream, record)
            except _Refused as error:
                key = getattr(record, "key", None)
                if isinstance(key, str) and key:
                    refused.add(clean_key(key))
                rejected.append(
                    Rejected(
                        where=_clean_any(key, 80) or str(stream),
                        reason=clean_phrase(str(error), 400),
                        sample=_clean_any(record, SAMPLE),
                    )
                )
            else:
                upserts[row.key] = row
        admitted = Admitted(
            upserts=upserts,
            deletes=frozenset(clean_key(key) for key in batch.deletes),
            refused=frozenset(refused - upserts.keys()),
            rejected=tuple(rejected),
            unseen=frozenset(map(clean, batch.unseen)),
        )
        return _relayed(name, admitted) if batch.origin else admitted


def relayed_name(source: str, origin: str) -> str:
    """Return the name that an origin has here which `source` relays."""
    return f"{source}/{clean(origin, 80)}"


def relayed_key(name: str, key: str) -> str:
    """Return the key, in the relay's file, of a record of the relayed source `name`."""
    # No name and no key has this character: both are clean.
    return f"{name}\x1f{key}"


def _relayed(name: str, admitted: Admitted) -> Admitted:
    """What was admitted of the relayed source called `name`, under keys of the relay's file."""

    def apart(key: str) -> str:
        return relayed_key(name, key)

    return Admitted(
        upserts={apart(key): row for key, row in admitted.upserts.items()},
        deletes=frozenset(map(apart, admitted.deletes)),
        refused=frozenset(map(apart, admitted.refused)),
        unseen=frozenset(map(apart, admitted.unseen)),
        rejected=tuple(
            msgspec.structs.replace(row, where=f"{name}: {row.where}") for row in admitted.rejected
        ),
    )


def clean_key(key: str) -> str:
    """Return the cleaned key: two different keys stay different though both are cleaned."""
    cleaned = clean(key)
    if cleaned == key:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{cleaned}#{digest}"


class _Refused(Exception):
    """The reason why a record does not get in."""


def _admit(source: str, stream: Stream, record: Record) -> Record:
    expected = RECORD_TYPES[stream]
    if type(record) is not expected:
        raise _Refused(
            _("expected {expected} in the stream {stream}, got {got}").format(
                expected=expected.__name__, stream=stream, got=type(record).__name__
            )
        )
    try:
        fields = msgspec.to_builtins(record, builtin_types=(datetime, bytes))
    except Exception as error:
        # A field may hold any object, and its conversion may raise anything.
        raise _Refused(f"{type(error).__name__}: {error}") from None
    for name in ("key", "job"):
        # `job` refers to the key of another record and must change as keys do.
        if isinstance(fields.get(name), str):
            fields[name] = clean_key(fields[name])
    if not fields["key"]:
        raise _Refused(_("the key is empty"))
    fields = {name: _clean_value(name, value) for name, value in fields.items()}
    fields["source"] = source
    if not str(fields.get("url", "")).lower().startswith(_WEB):
        # The desktop's own program opens it: nothing but the web is allowed.
        fields.pop("url", None)
    try:
        admitted = msgspec.convert(fields, expected)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise _Refused(str(error)) from None
    _check_sense(admitted)
    return admitted


def _clean_value(name: str, value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return clean_phrase(value) if name in _PHRASES else clean(value)
    if isinstance(value, datetime):
        return _in_utc(name, value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _Refused(_("{field} is not a finite number").format(field=name))
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise _Refused(_("{field} is absurdly large").format(field=name))
    if isinstance(value, (list, tuple, set, frozenset, dict)) and depth >= _DEEPEST:
        raise _Refused(_("{field} is nested too deeply").format(field=name))
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean_value(name, item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            _clean_value(name, key, depth + 1): _clean_value(name, item, depth + 1)
            for key, item in value.items()
        }
    return value


def _in_utc(name: str, value: datetime) -> datetime:
    if value.tzinfo is None or value.utcoffset() is None:
        raise _Refused(
            _("{field} has no time zone: {value}").format(field=name, value=value.isoformat())
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise _Refused(
            _("{field} is no possible time: {value}").format(field=name, value=value.isoformat())
        ) from None


def _check_sense(record: Record) -> None:
    """Raise for values that the type allows and that cannot be."""
    match record:
        case Site(latitude=latitude) if latitude is not None and not -90 <= latitude <= 90:
            raise _Refused(_("latitude {value} is not between -90 and 90").format(value=latitude))
        case Site(longitude=longitude) if longitude is not None and not -180 <= longitude <= 180:
            raise _Refused(
                _("longitude {value} is not between -180 and 180").format(value=longitude)
            )
        case Site(population=population) if population is not None and population < 0:
            raise _Refused(_("population {value} is negative").format(value=population))
        case BackupJob(period=period) if period is not None and period <= 0:
            raise _Refused(_("period {value} is not positive").format(value=period))
        case BackupJob(grace=grace) if grace < 0:
            raise _Refused(_("grace {value} is negative").format(value=grace))
        case BackupJob(closed=closed) if not all(0 <= day <= 6 for day in closed):
            raise _Refused(
                _("closed days must be 0 (Monday) to 6, not {value}").format(value=closed)
            )
        case BackupRun(size=size) if size is not None and size < 0:
            raise _Refused(_("size {value} is negative").format(value=size))
        case Ticket(priority=priority) if not 1 <= priority <= 5:
            raise _Refused(_("priority {value} is not between 1 and 5").format(value=priority))
        case _:
            pass


def _clean_rejected(row: Rejected) -> Rejected:
    return Rejected(
        where=_clean_any(row.where, 200, clean_phrase),
        reason=_clean_any(row.reason, 400, clean_phrase),
        sample=_clean_any(row.sample, SAMPLE),
    )


def _clean_any(value: object, limit: int, cleaning: Callable[[str, int], str] = clean) -> str:
    """Return the beginning of anything as clean text."""
    if value is None:
        return ""
    try:
        return cleaning(str(value), limit)
    except Exception:
        # The object of a broken adapter may not even have a text.
        return type(value).__name__
