"""The log file of this user, and `--verbose`."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

from smic_tui.cli.say import say
from smic_tui.config import folders
from smic_tui.i18n import _
from smic_tui.system import atomic_file

LIMIT = 1_000_000
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


class SharedRotatingFile(WatchedFileHandler):
    """A log file that several programs of one user append to; a full one becomes FILE.1."""

    def _open(self) -> TextIOWrapper:
        # No other user may read the errors of sources, whatever the umask is.
        descriptor = atomic_file.opened(
            Path(self.baseFilename), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600
        )
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")

    def emit(self, record: logging.LogRecord) -> None:
        self.reopenIfNeeded()
        path = Path(self.baseFilename)
        if self.stream is not None and self.stream.tell() > LIMIT:
            # The stream was just reopened if needed, so no other program has moved this file.
            path.replace(path.with_name(path.name + ".1"))
            self.reopenIfNeeded()
        super().emit(record)


def start(verbose: bool, *, to_stderr: bool = True) -> None:
    """Starts the log of what collecting does; `verbose` logs every step.

    With `verbose` and `to_stderr` the log goes to standard error as well. If the log file
    cannot be written, the program says so and works without it.
    """
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # The debug lines of these libraries hold whole requests, and so credentials.
    for chatty in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        path = folders.log_file()
    except OSError as error:
        say(_("no log: {reason}").format(reason=error))
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers: list[logging.Handler] = [SharedRotatingFile(path)]
    except OSError as error:
        say(_("no log: {file}: {reason}").format(file=path, reason=error.strerror))
        handlers = []
    if verbose and to_stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(handler)
