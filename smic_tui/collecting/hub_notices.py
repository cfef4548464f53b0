"""Says what a person must know about publishing for thin clients."""

from __future__ import annotations

import grp
import logging
from pathlib import Path

from smic_tui.collecting.hub_owner import NAME, OwnedElsewhere
from smic_tui.i18n import _

_log = logging.getLogger(__name__)


def of_failure(folder: Path, error: Exception) -> str:
    """Return why nothing is published into the folder, and what to do; the log has the details."""
    if isinstance(error, OwnedElsewhere):
        return _(
            "Another head office ({host}) publishes into {folder}; this one writes nothing there. "
            "Give each a folder of its own in `[publish] folder`. If this one takes the other's "
            "place, end the other and delete {file}."
        ).format(host=error.host, folder=folder, file=folder / NAME)
    _log.error("publishing failed", exc_info=error)
    return _(
        "Publishing into {folder} fails ({reason}): thin clients see nothing new. "
        "The log has the details."
    ).format(folder=folder, reason=getattr(error, "strerror", None) or type(error).__name__)


def of_unreadable(folder: Path, path: Path | None) -> str:
    """Return what to do about a path that the group of the folder cannot read; "" if None."""
    if path is None:
        return ""
    group = _group_name(folder)
    return _(
        "The group {group} cannot read {path}: a web server of that group gives nothing to thin "
        "clients. As root: chgrp -R {group} {folder} && chmod -R g+rX {folder} && "
        "chmod g+s {folder} {folder}/objects"
    ).format(group=group, path=path, folder=folder)


def _group_name(folder: Path) -> str:
    number = folder.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
