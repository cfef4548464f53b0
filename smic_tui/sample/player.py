"""Keep changing a sample, so that a screen over it lives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from smic_tui.sample.chance import chance
from smic_tui.sample.folder import explained, locked, playing
from smic_tui.sample.moves.backups import BackupRoom
from smic_tui.sample.moves.change import Change, Mover
from smic_tui.sample.moves.monitoring import Watch
from smic_tui.sample.moves.requests import Library
from smic_tui.sample.moves.tickets import TicketDesk
from smic_tui.sample.syndicate import Syndicate, compose
from smic_tui.sample.writer import SEED, to_second, write_locked

# Mean seconds between two changes at speed 1.
PACE = 6.0
_WEIGHTS = (40, 38, 16, 6)


class Player:
    """A sample and everything that happens in it. The caller keeps others from writing it."""

    def __init__(self, made: Syndicate, folder: Path, seed: int = SEED) -> None:
        self._random = chance(seed, "player")
        self._movers: tuple[Mover, ...] = (
            BackupRoom(made, folder, self._random),
            TicketDesk(made, folder, self._random),
            Watch(made, folder, self._random),
            Library(made, folder, self._random),
        )

    def step(self, now: datetime) -> Change:
        """Let one thing happen at `now` (UTC); it is in its file when this returns."""
        now = to_second(now)
        while True:
            mover = self._random.choices(self._movers, _WEIGHTS)[0]
            if change := mover.move(now):
                return change

    def pause(self, speed: float) -> float:
        """Seconds until the next thing happens."""
        return self._random.expovariate(speed / PACE)


def play(
    folder: Path,
    *,
    stop: Event,
    seed: int = SEED,
    speed: float = 1.0,
    on_change: Callable[[Change], None] | None = None,
) -> None:
    """Write the sample anew as of the present, then change it until `stop` is set.

    `speed` 1 is a change every six seconds or so, 10 ten times as many; times in
    the files are those of the clock at any speed. Every change is whole for whoever
    reads the files meanwhile. `on_change` is told of each, in the calling thread.
    Raises `SampleError` as `write` does, and when another program plays the same
    folder.
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
