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

LIMIT = 1_000_000
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"


class SharedRotatingFile(WatchedFileHandler):
    """A log that several programs of one user append to; the full one becomes FILE.1."""

    def _open(self) -> TextIOWrapper:
        # Whatever the umask: errors of sources are nobody else's business.
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")

    def emit(self, record: logging.LogRecord) -> None:
        self.reopenIfNeeded()
        path = Path(self.baseFilename)
        if self.stream is not None and self.stream.tell() > LIMIT:
            # Ours is still the current file (just reopened), so nobody has moved it yet.
            path.replace(path.with_name(path.name + ".1"))
            self.reopenIfNeeded()
        super().emit(record)


def start(verbose: bool, *, to_stderr: bool = True) -> None:
    """Log what collecting does, to standard error too if `verbose` and `to_stderr`.

    A log that cannot be written is said and done without.
    """
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # Their debug lines hold whole requests, and so credentials.
    for chatty in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    path = folders.log_file()
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
