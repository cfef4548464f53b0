"""Reads BackupPC's own list of hosts: the file ConfDir/hosts.

From BackupPC's documentation ("Step 4: Setting up the hosts file"): one line per host, fields by
blanks, `#` begins a comment, and the first line names the fields. A host that is taken out of it
keeps its folder of backups, so the folders do not tell which hosts there are.
"""

from __future__ import annotations

from pathlib import Path

_HEADER = "host"
# By TopDir, as the packages of Debian and of Fedora lay it out.
_PACKAGED = {
    "/var/lib/backuppc": "/etc/backuppc/hosts",
    "/var/lib/BackupPC": "/etc/BackupPC/hosts",
}
_LARGEST = 4 << 20


def list_beside(top: Path) -> Path | None:
    """Return the list of the hosts whose backups are in `top`, None where it is not known. Blocks.

    Only places that belong to this folder are looked at: another list would hide hosts.
    """
    packaged = _PACKAGED.get(str(top.resolve()))
    for file in (top / "conf" / "hosts", Path(packaged) if packaged else None):
        if file is not None and file.is_file():
            return file
    return None


def hosts_in(file: Path) -> frozenset[str]:
    """Return the names in a list of hosts, in lower case. Blocks; raises `OSError`."""
    with file.open("rb") as opened:
        text = opened.read(_LARGEST).decode("utf-8", "replace")
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    names = [fields[0].lower() for fields in lines if fields]
    return frozenset(names[1:] if names[:1] == [_HEADER] else names)
