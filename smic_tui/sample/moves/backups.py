"""The mover of backups: lets them begin, succeed and fail."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from smic_tui.i18n import _
from smic_tui.sample import folder as files
from smic_tui.sample.backups import SampleJob, SampleRun, begun, finished
from smic_tui.sample.documents import journal_line
from smic_tui.sample.moves.change import Change
from smic_tui.sample.syndicate import Syndicate
from smic_tui.system import atomic_file

# A run that has lasted longer counts as hung, and never ends.
_HANGS = timedelta(hours=3)
_RESULTS = ("réussi", "avertissement", "échec")
_SHARES = (90, 3, 7)
_REPAIRS = 0.15


class BackupMover:
    """Writes the journal: appends a line when a run begins, and replaces it at its end.

    Healthy jobs run when they are due; when none is due, one of them runs as if by hand.
    Jobs in trouble mostly stay in trouble.
    """

    def __init__(self, made: Syndicate, folder: Path, random: Random) -> None:
        self._path = folder / files.JOURNAL
        self._random = random
        self._journal = {run.key: journal_line(run) for run in made.runs}
        self._last: dict[str, SampleRun] = {}
        for run in made.runs:
            self._last[run.job.key] = run
        self._well: list[SampleJob] = []
        self._ill: list[SampleJob] = []
        for job in made.jobs:
            if job.site.code not in made.outage.sites:
                well = job.key in self._last and not self._is_due(job, made.now)
                (self._well if well else self._ill).append(job)

    def move(self, now: datetime) -> Change | None:
        """Ends a running backup or begins another one; returns None if neither is possible."""
        going_on = [
            run
            for run in self._last.values()
            if run.ended is None and timedelta(0) < now - run.started < _HANGS
        ]
        if going_on and self._random.random() < 0.5:
            return self._end(self._random.choice(going_on), now)
        return self._begin(now)

    def _is_due(self, job: SampleJob, now: datetime) -> bool:
        started = self._last[job.key].started
        if job.schedule.period:
            return started + job.schedule.period <= now
        return started < job.schedule.last(now, 1)[0]

    def _begin(self, now: datetime) -> Change | None:
        idle = [job for job in self._well if self._last[job.key].ended is not None]
        some = self._random.sample(idle, min(200, len(idle)))
        due = [job for job in some if self._is_due(job, now)]
        if self._ill and self._random.random() < _REPAIRS:
            job = self._ill.pop(self._random.randrange(len(self._ill)))
            self._well.append(job)
        elif due or some:
            job = self._random.choice(due or some)
        else:
            return None
        last = self._last.get(job.key)
        if last is not None and last.started >= now:
            return None
        run = begun(job, now)
        self._remember(run)
        with os.fdopen(atomic_file.opened(self._path, os.O_WRONLY | os.O_APPEND), "ab") as journal:
            journal.write(self._journal[run.key])
        return self._change(run, now, _("backup of {application}, {site}: begins"))

    def _end(self, run: SampleRun, now: datetime) -> Change:
        result = self._random.choices(_RESULTS, _SHARES)[0]
        ended = finished(self._random, run, now, result)
        self._remember(ended)
        files.replace_file(self._path, b"".join(self._journal.values()))
        return self._change(ended, now, _("backup of {application}, {site}: {result}"))

    def _remember(self, run: SampleRun) -> None:
        self._journal[run.key] = journal_line(run)
        self._last[run.job.key] = run

    def _change(self, run: SampleRun, now: datetime, text: str) -> Change:
        words = text.format(
            application=run.job.application, site=run.job.site.name, result=run.result
        )
        return Change(at=now, file=files.JOURNAL, text=words)
