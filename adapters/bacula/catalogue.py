"""Asks Bacula's catalogue. Every function blocks: call it in a thread.

Table and column names are those of the catalogue of Bacula 5 to 15. The names of
tables are written as Bacula's own scripts create them: MySQL tells Job from job.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    column,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql import quoted_name, table

from adapters.bacula.jobs import CANCELLED, CHANGES_ONLY, GOOD, LONGEST_RUN, RUNNING, JobRow

_BACKUP = "B"
_PIECE = 1000

_job = table(
    quoted_name("Job", quote=False),
    *(
        column(name)
        for name in (
            "jobid",
            "job",
            "name",
            "type",
            "level",
            "clientid",
            "jobstatus",
            "schedtime",
            "starttime",
            "endtime",
            "jobtdate",
            "jobfiles",
            "jobbytes",
            "joberrors",
        )
    ),
)
_client = table(quoted_name("Client", quote=False), column("clientid"), column("name"))


def newest_runs(
    connection: Connection, since: int, until: int, newest: int, always: tuple[str, ...] = ()
) -> Iterator[list[JobRow]]:
    """Give the newest runs of each job that ended after `since`, and not after `until`.

    With them its newest success whatever its age: the state of a backup rests on it. So it is
    of the jobs whose names are in `always`, also where none ended lately. Times are epoch seconds.
    """
    recent = and_(_job.c.type == _BACKUP, _job.c.jobtdate >= since, _job.c.jobtdate <= until)
    rank = (
        func.row_number()
        .over(partition_by=(_job.c.clientid, _job.c.name), order_by=_job.c.jobid.desc())
        .label("place")
    )
    ranked = select(_job.c.jobid, rank).where(recent).subquery()
    successes = (
        select(func.max(_job.c.jobid))
        .where(_job.c.type == _BACKUP, _job.c.jobstatus.in_(GOOD))
        .where(or_(_job.c.joberrors == 0, _job.c.jobfiles > 0))
        .where(or_(_job.c.jobbytes > 0, _job.c.level.in_(CHANGES_ONLY)))
        .where(_job.c.jobtdate <= until)
        .where(
            or_(
                tuple_(_job.c.clientid, _job.c.name).in_(
                    select(_job.c.clientid, _job.c.name).where(recent)
                ),
                _job.c.name.in_(always),
            )
        )
        .group_by(_job.c.clientid, _job.c.name)
    )
    wanted = select(ranked.c.jobid).where(ranked.c.place <= newest)
    return _rows(
        connection, _runs().where(or_(_job.c.jobid.in_(wanted), _job.c.jobid.in_(successes)))
    )


def ahead(connection: Connection, until: int) -> tuple[int, int]:
    """Return how many runs are dated after `until`, and the last of these moments (epochs)."""
    statement = select(func.count(), func.max(_job.c.jobtdate)).where(
        _job.c.type == _BACKUP, _job.c.jobtdate > until
    )
    count, last = connection.execute(statement).one()
    return int(count), int(last or 0)


def runs_since(
    connection: Connection, jobid: int, epoch: int, unfinished: tuple[int, ...]
) -> Iterator[list[JobRow]]:
    """Give the runs that are new, that changed, or that had not ended."""
    changed = or_(_job.c.jobid > jobid, _job.c.jobtdate >= epoch, _job.c.jobid.in_(unfinished))
    return _rows(connection, _runs().where(changed))


def clock(connection: Connection) -> int:
    """Return the database's clock in epoch seconds."""
    statement = {
        "sqlite": "SELECT strftime('%s', 'now')",
        "postgresql": "SELECT extract(epoch FROM now())",
        "mysql": "SELECT unix_timestamp()",
    }[connection.dialect.name.replace("mariadb", "mysql")]
    connection = connection.execution_options(no_parameters=True)
    return int(float(str(connection.exec_driver_sql(statement).scalar())))


def newest_jobid(connection: Connection) -> int:
    """Return the number of the newest run; 0 if there is none."""
    return int(connection.execute(select(func.max(_job.c.jobid))).scalar() or 0)


def jobs(connection: Connection, since: int, jobid: int) -> list[tuple[str, str]]:
    """Return job and client of all that ended after `since` and have runs newer than `jobid`."""
    statement = (
        select(_job.c.name, _client.c.name.label("client"))
        .select_from(_job.outerjoin(_client, _job.c.clientid == _client.c.clientid))
        .where(and_(_job.c.type == _BACKUP, _job.c.jobtdate >= since, _job.c.jobid > jobid))
        .distinct()
    )
    return [(_text(row[0]), _text(row[1])) for row in connection.execute(statement)]


def is_unsettled(connection: Connection, jobid: int) -> bool:
    """Whether a run newer than `jobid` goes on, which may turn out to be no backup.

    What a copy or migration job writes is of type B until it has ended, and of type C then.
    """
    statement = (
        select(_job.c.jobid)
        .where(_job.c.type == _BACKUP, _job.c.jobid > jobid, _job.c.jobstatus.in_(RUNNING))
        .where(_job.c.jobtdate >= clock(connection) - LONGEST_RUN)
        .limit(1)
    )
    return connection.execute(statement).first() is not None


def version(connection: Connection) -> str:
    """Return the version of the catalogue, e.g. "16" for Bacula 9.6."""
    versions = table(quoted_name("Version", quote=False), column("versionid"))
    return str(connection.execute(select(versions.c.versionid)).scalar())


def _runs() -> Select[Any]:
    return (
        select(
            _job.c.jobid,
            _job.c.job,
            _job.c.name,
            _client.c.name.label("client"),
            _job.c.level,
            _job.c.jobstatus,
            _job.c.schedtime,
            _job.c.starttime,
            _job.c.endtime,
            _job.c.jobtdate,
            _job.c.jobfiles,
            _job.c.jobbytes,
            _job.c.joberrors,
        )
        .select_from(_job.outerjoin(_client, _job.c.clientid == _client.c.clientid))
        .where(_job.c.type == _BACKUP, not_(_is_cancelled_duplicate()))
        .order_by(_job.c.jobid)
    )


def _is_cancelled_duplicate() -> ColumnElement[bool]:
    """Whether the director cancelled a run because another of the same job had begun before.

    Such a run says nothing of the backup ("Allow Duplicate Jobs" in Bacula's documentation): the
    other one tells. Seen at 9.6: it has the status A and no file, and ends where it starts.
    """
    other = _job.alias("other")
    goes_on = and_(
        other.c.jobstatus.in_(RUNNING), other.c.jobtdate >= _job.c.jobtdate - LONGEST_RUN
    )
    return and_(
        _job.c.jobstatus == CANCELLED,
        func.coalesce(_job.c.jobfiles, 0) == 0,
        exists().where(
            other.c.name == _job.c.name,
            other.c.clientid == _job.c.clientid,
            other.c.type == _BACKUP,
            other.c.jobid < _job.c.jobid,
            or_(goes_on, other.c.endtime >= _job.c.endtime),
        ),
    )


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[list[JobRow]]:
    connection = connection.execution_options(stream_results=True)
    result = connection.execute(statement)
    while found := result.fetchmany(_PIECE):
        yield [
            JobRow(
                jobid=int(row[0]),
                job=_text(row[1]),
                name=_text(row[2]),
                client=_text(row[3]),
                level=_text(row[4]).strip(),
                status=_text(row[5]).strip(),
                scheduled=row[6],
                started=row[7],
                ended=row[8],
                epoch=int(row[9] or 0),
                files=int(row[10] or 0),
                size=int(row[11] or 0),
                errors=int(row[12] or 0),
            )
            for row in found
        ]


def _text(value: object) -> str:
    """Return a name; MySQL's catalogue has columns of bytes."""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
