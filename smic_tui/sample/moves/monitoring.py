"""The mover of monitoring: lets sites go down and come back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from smic_tui.i18n import _, ngettext
from smic_tui.sample import folder as files
from smic_tui.sample.documents import monitoring_json
from smic_tui.sample.monitoring import SampleHealth, host_down, host_up
from smic_tui.sample.moves.change import Change
from smic_tui.sample.syndicate import Syndicate

_FEW, _MANY = 2, 9
_OUTAGE_TURNS = 0.04


class MonitoringMover:
    """Writes the document of all hosts anew with each change."""

    def __init__(self, made: Syndicate, folder: Path, random: Random) -> None:
        self._path = folder / files.MONITORING
        self._random = random
        self._outage = made.outage
        self._by_site: dict[str, list[SampleHealth]] = {}
        for one in made.health:
            self._by_site.setdefault(one.site.code, []).append(one)

    def move(self, now: datetime) -> Change:
        """Turns one site down or up; now and then all sites of the supplier's outage."""
        if self._random.random() < _OUTAGE_TURNS:
            text = self._outage_turns(now)
        else:
            text = self._one_site(now)
        self._check_all(now)
        objects = [one for things in self._by_site.values() for one in things]
        files.replace_file(self._path, monitoring_json(objects, now))
        return Change(at=now, file=files.MONITORING, text=text)

    def _is_down(self, code: str) -> bool:
        return self._by_site[code][0].state == "DOWN"

    def _one_site(self, now: datetime) -> str:
        steady = [code for code in self._by_site if code not in self._outage.sites]
        down = [code for code in steady if self._is_down(code)]
        falls = len(down) < _FEW or (len(down) < _MANY and self._random.random() < 0.5)
        code = self._random.choice(
            [one for one in steady if not self._is_down(one)] if falls else down
        )
        self._turn(code, now, up=not falls)
        text = _("{site} goes down") if falls else _("{site} comes back")
        return text.format(site=self._by_site[code][0].site.name)

    def _outage_turns(self, now: datetime) -> str:
        codes = sorted(self._outage.sites)
        back = self._is_down(codes[0])
        for code in codes:
            self._turn(code, now, up=back)
        count = len(codes)
        if back:
            text = ngettext(
                "{count} site of {supplier} comes back",
                "{count} sites of {supplier} come back",
                count,
            )
        else:
            text = ngettext(
                "{count} site of {supplier} goes down", "{count} sites of {supplier} go down", count
            )
        return text.format(count=count, supplier=self._outage.supplier)

    def _turn(self, code: str, now: datetime, *, up: bool) -> None:
        host = self._by_site[code][0]
        where = (host.site, host.reference, now, now)
        self._by_site[code] = list(
            host_up(self._random, *where)
            if up
            else host_down(*where, output="PING CRITIQUE - perte 100 %")
        )

    def _check_all(self, now: datetime) -> None:
        for things in self._by_site.values():
            checked = now - timedelta(seconds=self._random.randrange(0, 290))
            things[:] = [
                msgspec.structs.replace(one, checked=max(checked, one.since)) for one in things
            ]
