"""Configurations: what loads, and everything that is told of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from smic_tui.config.errors import ConfigError
from smic_tui.config.load import load
from smic_tui.config.person import author
from smic_tui.config.schema import Settings
from smic_tui.contract.secret import Secret
from tests.config.a_kind import SOURCE, FilesConfig, Kinds, check_filter, read


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "").settings == Settings()


def test_a_source_has_common_keys_and_those_of_its_kind(tmp_path: Path) -> None:
    loaded = read(tmp_path, SOURCE + 'refresh = "1h"\ntoken = { env = "TOKEN" }\n')
    source = loaded.settings.sources["a"]
    assert (source.name, source.kind, source.refresh) == ("a", "files", "1h")
    assert source.options == FilesConfig(path="x", token=Secret(env="TOKEN"))
    assert loaded.folder == tmp_path


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = """\
[display]
langage = "fr"
timezone = "Europe/Pari"
ascii = "no"

[sources.a]
kind = "fles"
path = "x"

[sources.b]
kind = "files"
refresh = "five minutes"
prot = 12
port = 70000
encoding = "latin"
paths = [
    "one",
    2,
]
[sources.b.columns]
nam = "commune"
[sources.b.words]
closed = ["x", false]

[sources.c]
path = "x"

[[alerts]]
name = "one"
on = "site"
where = ""
"""
    assert problems(tmp_path, text) == [
        'smic.toml:2: display.langage: no such key here, found "langage"; did you mean "language"?',
        'smic.toml:4: display.ascii: expected true or false, found "no"',
        'smic.toml:7: sources.a.kind: no such kind of source, found "fles"; did you mean "files"?',
        'smic.toml:10: sources.b: the key "path" is missing: text',
        "smic.toml:12: sources.b.refresh: expected a duration such as 90s, 15m, 6h or 2d, "
        'found "five minutes"',
        'smic.toml:13: sources.b.prot: no such key here, found "prot"; did you mean "port"?',
        "smic.toml:14: sources.b.port: expected a whole number from 1 to 65535, found 70000",
        'smic.toml:15: sources.b.encoding: expected one of: auto, utf-8, found "latin"',
        "smic.toml:18: sources.b.paths[2]: expected text, found 2",
        'smic.toml:20: sources.b.columns: the key "site" is missing: text',
        'smic.toml:21: sources.b.columns.nam: no such key here, found "nam"; did you mean "name"?',
        "smic.toml:23: sources.b.words.closed[2]: expected text, found false",
        'smic.toml:25: sources.c: the key "kind" is missing: one of files',
        "smic.toml:30: alerts[1].on: expected one of: sites, backups, tickets, requests, "
        'sources, found "site"',
    ]


def test_what_only_the_whole_can_tell(tmp_path: Path) -> None:
    text = """\
[display]
timezone = "Europe/Pari"
[calendar]
country = "FRX"
[sources."a b"]
kind = "files"
path = "x"
refresh = "0s"
stale_after = "10m"
[sources.c]
kind = "files"
path = "x"
refresh = "2h"
stale_after = "1h"
deadline = "0s"
[[alerts]]
name = "one"
on = "sites"
where = "broken"
[[alerts]]
name = "one"
on = "sites"
where = "fine"
[[panes]]
name = "morning"
on = "alerts"
[[panes]]
name = "noon"
on = "tickets"
every = "10s"
timezone = "Mars/Olympus"
where = "broken"
"""
    assert problems(tmp_path, text) == [
        "smic.toml:2: display.timezone: expected an IANA time zone such as Europe/Paris, "
        'found "Europe/Pari"; did you mean "Europe/Paris"?',
        "smic.toml:4: calendar.country: expected a country whose public holidays are known, "
        'found "FRX"; did you mean "FR"?',
        'smic.toml:5: sources."a b": a source is named with letters, digits, '
        "'-', '_' and '.', at most 64 of them",
        'smic.toml:8: sources."a b".refresh: expected at least 1s, found 0s',
        "smic.toml:14: sources.c.stale_after: 1h is shorter than refresh (2h)",
        "smic.toml:15: sources.c.deadline: expected more than nothing, found 0s",
        "smic.toml:19: alerts[1].where: column 1: no sites like that",
        'smic.toml:21: alerts[2].name: the name "one" is taken by alerts[1]',
        "smic.toml:24: panes[1]: a pane opens either at times (at) or at an interval (every)",
        "smic.toml:30: panes[2].every: expected at least 1m, found 10s",
        "smic.toml:31: panes[2].timezone: expected an IANA time zone such as Europe/Paris, "
        'found "Mars/Olympus"',
        "smic.toml:32: panes[2].where: column 1: no tickets like that",
    ]


def test_a_kinds_own_check_is_told_with_its_table(tmp_path: Path) -> None:
    text = '[sources.a]\nkind = "files"\npath = "auto"\n'
    assert problems(tmp_path, text) == ["smic.toml:1: sources.a: path and encoding are the same"]


def test_a_secret_names_exactly_one_place(tmp_path: Path) -> None:
    for given in ("{}", '{ env = "A", file = "b" }'):
        assert problems(tmp_path, SOURCE + f"token = {given}\n") == [
            "smic.toml:4: sources.a.token: a secret names exactly one of env, file and command"
        ]


def test_a_secret_written_out_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = SOURCE + 'token = "hunter2"\npassword = "hunter2"\n'
    told = problems(tmp_path, text)
    assert len(told) == 2
    assert "hunter2" not in "\n".join(told)
    assert '{ env = "NAME" }' in told[0]


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, "[display]\nlanguage = fr\n") == [
        "smic.toml:2: not valid TOML: Invalid value"
    ]
    assert problems(tmp_path, "[display\n")[0].startswith("smic.toml:1: not valid TOML")
    assert problems(tmp_path, 'a = """never closed\n\n')[0].startswith("smic.toml:")


@pytest.mark.parametrize(
    "text", ["sources = 3", "sources = []", "[sources]\na = 3", "display = 1", "alerts = {}"]
)
def test_a_table_of_the_wrong_shape_is_told(tmp_path: Path, text: str) -> None:
    (told,) = problems(tmp_path, text)
    assert "expected a " in told


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml", kinds=Kinds(), check_filter=check_filter)
    (tmp_path / "latin.toml").write_bytes(b"[display]\n# \xe9cole\n")
    with pytest.raises(ConfigError, match="not UTF-8 text \\(byte 12\\)"):
        load(tmp_path / "latin.toml", kinds=Kinds(), check_filter=check_filter)


def test_sample_and_home_are_put_into_sources_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    loaded = read(
        tmp_path,
        '[sources.a]\nkind = "files"\npath = "{sample}/sites.csv"\npaths = ["~/x", "~"]\n'
        '[filters]\nodd = "~/x"\n',
    )
    sample = tmp_path / "data" / "smic-tui" / "sample"
    assert loaded.sample == sample
    options = loaded.settings.sources["a"].options
    assert options.path == f"{sample}/sites.csv"
    assert options.paths == (f"{tmp_path}/home/x", "~")
    assert loaded.settings.filters == {"odd": "~/x"}
    assert read(tmp_path, "").sample is None


def test_which_file_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(path: Path | None) -> tuple[Path, bool]:
        loaded = load(path, kinds=Kinds(), check_filter=check_filter)
        return loaded.path, loaded.chosen.shipped

    for name in ("option", "variable"):
        (tmp_path / f"{name}.toml").touch()
    own = tmp_path / "xdg" / "smic-tui" / "config.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("SMIC_TUI_CONFIG", str(tmp_path / "variable.toml"))
    assert chosen(tmp_path / "option.toml") == (tmp_path / "option.toml", False)
    assert chosen(None) == (tmp_path / "variable.toml", False)
    monkeypatch.delenv("SMIC_TUI_CONFIG")
    assert chosen(None) == (own, False)


def test_the_command_line_overrides(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        '[display]\nlanguage = "fr"\n',
        overrides={("display", "language"): ("en", "--language")},
    )
    assert loaded.settings.display.language == "en"
    assert loaded.origins.of(("display", "language")) == "--language"


def test_origins(tmp_path: Path) -> None:
    loaded = read(tmp_path, SOURCE)
    assert loaded.origins.of(("sources", "a", "path")) == f"{tmp_path}/smic.toml:3"
    assert loaded.origins.of(("display", "language")) == "default"


def test_people_who_share_a_configuration_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        '[me]\nnames = ["Accueil"]\n'
        '[me.logins]\ntech03 = ["Technicien Exemple 03", "t.exemple03"]\n'
    )
    seen: dict[str, object] = {}
    for login in ("tech03", "tech04"):
        monkeypatch.setenv("LOGNAME", login)
        loaded = read(tmp_path, text)
        seen[login] = (loaded.settings.me.names, author(loaded.settings.me))
        # What is kept for one of them is not believed for another.
        seen[loaded.digest] = login
    assert seen["tech03"] == (("Technicien Exemple 03", "t.exemple03"), "Technicien Exemple 03")
    assert seen["tech04"] == (("Accueil",), "Accueil")
    assert len(seen) == 4
