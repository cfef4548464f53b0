"""Reads one line of a backup journal, as scripts write it.

A line is a JSON object. `site`, `application`, `started` and `result` are required;
docs/sources/journal.md is the description for those who write scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize

import msgspec
from msgspec import Struct

from adapters.journal.codes import Codes, CodesOfJobs
from adapters.shared import values
from adapters.shared.json_text import decode_json
from adapters.tables.rows import decimal_of, is_blank, shown
from smic_tui.i18n import _
from smic_tui.records import BackupJob, BackupRun, RunResult

# Counted in seconds, this is in the year 5138; in milliseconds, in 1973.
_MILLISECONDS_FROM = 1e11

_RESULTS = {
    "ok": RunResult.OK,
    "success": RunResult.OK,
    "succes": RunResult.OK,
    "reussi": RunResult.OK,
    "warning": RunResult.WARNING,
    "avertissement": RunResult.WARNING,
    "failed": RunResult.FAILED,
    "failure": RunResult.FAILED,
    "error": RunResult.FAILED,
    "echec": RunResult.FAILED,
    "erreur": RunResult.FAILED,
    "running": RunResult.RUNNING,
    "en cours": RunResult.RUNNING,
}
# On Windows, a program that crashed has a status of ten digits, which may be negative.
_STATUS = re.compile(r"-?[0-9]{1,10}")
# Whether a run of a level saves only what changed since another.
_LEVELS = {
    "full": False,
    "complete": False,
    "totale": False,
    "incremental": True,
    "incrementale": True,
    "incrementielle": True,
    "differential": True,
    "differentielle": True,
}
REQUIRED = ("site", "application", "started", "result")
KNOWN = frozenset(
    (
        *REQUIRED,
        "job",
        "level",
        "ended",
        "size",
        "message",
        "protocol",
        "period",
        "calendar",
        "grace",
        "closed",
        "holidays",
        "url",
    )
)


class LineError(ValueError):
    """A line that cannot be used; the text says what was expected and what stood there."""


class Entry(Struct, frozen=True, kw_only=True):
    """What a line says: the run, the plan that it carries, and its unknown keys."""

    run: BackupRun
    job: BackupJob
    has_plan: bool
    unknown: tuple[str, ...] = ()


def read_line(line: bytes, zone: str, codes: CodesOfJobs = CodesOfJobs()) -> Entry:  # noqa: B008
    """Return what a line says; `zone` is that of times without offset. Raises `LineError`.

    `codes` tells what exit statuses mean.
    """
    try:
        fields = decode_json(line, dict[str, Any])
    except msgspec.ValidationError:
        raise LineError(_("not a JSON object: {line}").format(line=_beginning(line))) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise LineError(_("not JSON: {reason}").format(reason=error)) from None
    given = {name: value for name, value in fields.items() if not is_blank(value)}
    for name in REQUIRED:
        if name not in given:
            raise LineError(_("`{name}` is missing: a value is required").format(name=name))
    read = _Reader(given)
    site, application = read("site", _text), read("application", _text)
    key = read("job", _text, "") or f"{site}/{application}"
    started = read("started", lambda raw: _moment(raw, zone))
    run = BackupRun(
        key=f"{key}/{started:%Y-%m-%dT%H:%M:%SZ}",
        job=key,
        site=site,
        application=application,
        started=started,
        ended=read("ended", lambda raw: _moment(raw, zone), None),
        result=read("result", lambda raw: _result(raw, codes.of(key))),
        size=read("size", _size, None),
        message=read("message", _text, ""),
        changes_only=read("level", _is_of_changes_only, False),
    )
    job = BackupJob(
        key=key,
        site=site,
        application=application,
        protocol=read("protocol", _text, ""),
        period=read("period", _duration, None),
        calendar=read("calendar", lambda raw: values.read_calendar(_text(raw)), ""),
        grace=read("grace", _duration, 0),
        closed=read("closed", _weekdays, ()),
        holidays=read("holidays", lambda raw: values.read_flag(_text(raw)), False),
        url=read("url", _text, ""),
    )
    return Entry(
        run=run,
        job=job,
        has_plan=job.period is not None or bool(job.calendar),
        unknown=tuple(sorted(fields.keys() - KNOWN)),
    )


class _Reader:
    """Reads the values of one line, and names the key that does not fit."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = given

    def __call__(self, name: str, reader: Callable[[object], Any], otherwise: object = None) -> Any:
        if name not in self._given:
            return otherwise
        raw = self._given[name]
        try:
            return reader(raw)
        except ValueError as error:
            raise LineError(
                _("`{name}`: {value} is not {expected}").format(
                    name=name, value=shown(raw), expected=error
                )
            ) from None


def _text(raw: object) -> str:
    if isinstance(raw, str):
        # Scripts on a Mac write letters and accents apart, configurations do not.
        return raw.strip() if raw.isascii() else normalize("NFC", raw.strip())
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(raw)
    raise ValueError(_("text"))


def _size(raw: object) -> int:
    return values.read_size(_text(raw), decimal_of(raw, "auto"))


def _duration(raw: object) -> int:
    return values.read_duration(_text(raw), decimal_of(raw, "auto"))


def _moment(raw: object, zone: str) -> datetime:
    """Read a time; a number is seconds since 1970, as `date +%s` writes them, or milliseconds."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        count = raw / 1000 if raw >= _MILLISECONDS_FROM else raw
        try:
            return datetime.fromtimestamp(count, UTC)
        except (OverflowError, OSError, ValueError):
            raise ValueError(_(values.A_TIME)) from None
    text = _text(values.bare_moment(raw))
    if text.isdecimal() and len(text) > 8:
        return _moment(int(text[:20]), zone)
    return values.read_time(text, zone)


def _result(raw: object, codes: Codes) -> RunResult:
    """Read a result: a word, or the exit status of a program."""
    if isinstance(raw, bool):
        return RunResult.OK if raw else RunResult.FAILED
    if isinstance(raw, int):
        return codes.result_of(raw)
    text = values.word(_text(raw))
    if _STATUS.fullmatch(text):
        return codes.result_of(int(text))
    if text not in _RESULTS:
        words = ", ".join(("ok", "warning", "failed", "running"))
        raise ValueError(_("one of {words}, or an exit status").format(words=words))
    return _RESULTS[text]


def _is_of_changes_only(raw: object) -> bool:
    text = values.word(_text(raw))
    if text not in _LEVELS:
        raise ValueError(_("one of {words}").format(words="full, incremental, differential"))
    return _LEVELS[text]


def _weekdays(raw: object) -> tuple[int, ...]:
    parts = raw if isinstance(raw, list) else _text(raw).split(",")
    return tuple(sorted({values.read_weekday(_text(part).strip()) for part in parts}))


def _beginning(line: bytes) -> str:
    return shown(line[:80].decode(errors="replace"))
