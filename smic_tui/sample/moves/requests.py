"""The mover of requests: lets them come in and go from stage to stage."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

import msgspec

from smic_tui.i18n import _
from smic_tui.sample import folder as files
from smic_tui.sample import people
from smic_tui.sample.documents import requests_json
from smic_tui.sample.moves.change import Change
from smic_tui.sample.requests import FINAL, ORDER, new_request, turn
from smic_tui.sample.syndicate import Syndicate


class RequestMover:
    """Writes the register of requests anew with each change."""

    def __init__(self, made: Syndicate, folder: Path, random: Random) -> None:
        self._path = folder / files.REQUESTS
        self._random = random
        self._sites = made.sites
        self._requests = list(made.requests)

    def move(self, now: datetime) -> Change:
        """Adds a request of a member, or takes a request one stage further."""
        going_on = [i for i, one in enumerate(self._requests) if one.stage not in FINAL]
        if not going_on or self._random.random() < 0.25:
            number = len(self._requests) + 1
            request = new_request(self._random, number, self._random.choice(self._sites), now)
            self._requests.append(request)
        else:
            index = self._random.choice(going_on)
            request = self._requests[index]
            further = ORDER[ORDER.index(request.stage) + 1]
            refusable = request.stage in ("analysé", "groupe de travail")
            stage = "refusé" if refusable and self._random.random() < 0.2 else further
            request = self._requests[index] = msgspec.structs.replace(
                request,
                stage=stage,
                owner=request.owner or self._random.choice(people.TECHNICIANS),
                turn=turn(self._random, stage),
                updated=now,
            )
        files.replace_file(self._path, requests_json(self._requests, now))
        words = _("request {reference}, {stage}: {software}").format(
            reference=request.reference, stage=request.stage, software=request.software
        )
        return Change(at=now, file=files.REQUESTS, text=words)
