"""Where a path of the configuration leads."""

from __future__ import annotations

from pathlib import Path

from smic_tui.contract.errors import Unavailable
from smic_tui.i18n import _


def path_of(folder: Path, text: str) -> Path:
    """Return the path that `text` names; a relative one starts from `folder`. Public.

    Raises `Unavailable` for `~NAME/…` when there is no such account, or none has a home folder.
    """
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        raise Unavailable(
            _("{file}: no account of that name has a home folder").format(file=text),
            hint=_("Write the whole path."),
        ) from None
