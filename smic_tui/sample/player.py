"""Plays a sample: changes its files all the time, so that a dashboard over it is alive."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from smic_tui.sample.chance import chance
from smic_tui.sample.folder import explained, locked, playing
from smic_tui.sample.moves.backups import BackupMover
from smic_tui.sample.moves.change import Change, Mover
from smic_tui.sample.moves.monitoring import MonitoringMover
from smic_tui.sample.moves.requests import RequestMover
from smic_tui.sample.moves.tickets import TicketMover
from smic_tui.sample.syndicate import Syndicate, compose
from smic_tui.sample.writer import SEED, to_second, write_locked

# Mean seconds between two changes at speed 1.
PACE = 6.0
_WEIGHTS = (40, 38, 16, 6)


class Player:
    """Changes the files of one sample. The caller keeps other programs from writing them."""

    def __init__(self, made: Syndicate, folder: Path, seed: int = SEED) -> None:
        self._random = chance(seed, "player")
        self._movers: tuple[Mover, ...] = (
            BackupMover(made, folder, self._random),
            TicketMover(made, folder, self._random),
            MonitoringMover(made, folder, self._random),
            RequestMover(made, folder, self._random),
        )

    def step(self, now: datetime) -> Change:
        """Makes one change at `now` (UTC), which is in its file when this returns."""
        now = to_second(now)
        while True:
            mover = self._random.choices(self._movers, _WEIGHTS)[0]
            if change := mover.move(now):
                return change

    def pause(self, speed: float) -> float:
        """Returns how many seconds to wait before the next change."""
        return self._random.expovariate(speed / PACE)


def play(
    folder: Path,
    *,
    stop: Event,
    seed: int = SEED,
    speed: float = 1.0,
    on_change: Callable[[Change], None] | None = None,
) -> None:
    """Writes the sample anew as of the present, then changes it until `stop` is set.

    `speed` 1 means a change every six seconds or so, 10 means ten times as many; times in
    the files follow the clock at any speed. A program that reads a file meanwhile sees it
    whole, before or after a change. `on_change` is called with each change, in the calling
    thread. Raises `SampleError` as `write` does, and if another program plays the folder;
    raises `ValueError` if `speed` is not positive.
    """
    if speed <= 0:
        raise ValueError("speed must be positive")
    with ExitStack() as held:
        held.enter_context(explained(folder))
        with locked(folder):
            held.enter_context(playing(folder))
            made = compose(seed, to_second(None))
            write_locked(folder, made)
        player = Player(made, folder, seed)
        while not stop.wait(player.pause(speed)):
            change = player.step(datetime.now(UTC))
            if on_change is not None:
                on_change(change)
