"""`config show` writes TOML that means the same configuration again."""

from __future__ import annotations

import tomllib
from pathlib import Path

from smic_tui import i18n
from smic_tui.config.load import load
from smic_tui.config.toml_text import settings_lines
from tests.config.a_kind import SOURCE, Kinds, check_filter, read

TEXT = (
    '[display]\nlanguage = "fr"\n'
    + SOURCE
    + """\
token = { file = "~/token" }
paths = ["a \\" b", "c\\u0007", "é\\u007F"]
columns = { site = "commune" }
[sources.a.words]
"very new" = ["x", "y"]
[sources."b.c"]
kind = "files"
path = "y"
enabled = false
stale_after = "1h"
[matching.aliases]
"St Jean" = "17347"
[[alerts]]
name = "down"
on = "sites"
where = "state:down"
[[alerts]]
name = "late"
on = "backups"
where = 'state:"late"'
bell = true
[[panes]]
name = "morning"
on = "alerts"
at = ["07:30", "18:00"]
days = ["monday", "friday"]
[filters]
"à moi" = "is:mine"
"""
)


def test_it_reads_back_as_the_same(tmp_path: Path) -> None:
    settings = read(tmp_path, TEXT).settings
    written = tmp_path / "written.toml"
    written.write_text("\n".join(line for line, _path in settings_lines(settings)))
    again = load(written, kinds=Kinds(), check_filter=check_filter)
    assert again.settings == settings


def test_every_line_knows_its_key(tmp_path: Path) -> None:
    i18n.use("en")
    loaded = read(tmp_path, TEXT)
    origins = loaded.origins
    told = {
        line: origins.of(path) for line, path in settings_lines(loaded.settings) if path is not None
    }
    file = tmp_path / "smic.toml"
    assert told['language = "fr"'] == f"{file}:2"
    assert told['timezone = "Europe/Paris"'] == "default"
    assert told['site = "commune"'] == f"{file}:8"
    assert told['where = "state:\\"late\\""'] == f"{file}:25"
    secret = next(line for line in told if line.startswith("token"))
    assert tomllib.loads(secret)["token"].keys() == {"file"}
