"""doctor tells what a source shows to the account."""

from __future__ import annotations

import json

import pytest

from smic_tui.cli.main import run
from tests.cli.program import Program
from tests.fakes.misbehaving import MisbehavingServer
from tests.fakes.zabbix import FakeZabbix


def test_what_an_account_of_zabbix_sees(
    program: Program, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    zabbix = FakeZabbix()
    for number in range(3):
        zabbix.add_host(f"rtr-{number}")
    zabbix.proxies["5"] = {"proxyid": "5", "host": "Rochefort", "lastaccess": "0"}
    with MisbehavingServer(zabbix) as server:
        config = program.home / "config.toml"
        source = f'[sources.z]\nkind = "zabbix"\nurl = "{server.url}"\ntoken = {{ env = "Z" }}\n'
        config.write_text(source)
        for name, value in {**program.env, "SMIC_TUI_CONFIG": str(config), "Z": "word"}.items():
            monkeypatch.setenv(name, value)
        run(["--language", "en", "doctor"])
        said = capsys.readouterr().out
        run(["--language", "fr", "doctor"])
        french = capsys.readouterr().out
        run(["doctor", "--json"])
        (finding,) = json.loads(capsys.readouterr().out)["sources"]
    assert "noted       3 monitored hosts\n              1 host group: Sites" in said
    assert "The proxy Rochefort has never been heard of." in said
    assert "à savoir    3 hôtes supervisés" in french
    assert finding["notes"] == ["3 monitored hosts", "1 host group: Sites", "1 proxy: Rochefort"]
