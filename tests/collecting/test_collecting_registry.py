"""Which kinds there are, and what becomes of those that cannot be had."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smic_tui.collecting import registry
from smic_tui.collecting.broken import AdapterBroken, BrokenAdapter
from smic_tui.collecting.own_kinds import DISTRIBUTION, own_kinds
from smic_tui.config.schema import Source
from smic_tui.contract.adapter import ENTRY_POINT_GROUP, Adapter, Context
from smic_tui.records import Stream
from tests.collecting.collecting_doubles import Options, Scripted

CONTEXT = Context(source="desk", folder=Path(), timezone="UTC", secret=lambda _secret: "")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """The registry remembers what it found: not from one test to the next."""
    registry._own.cache_clear()
    registry._others.cache_clear()
    yield
    registry._own.cache_clear()
    registry._others.cache_clear()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Other packages bring these entry points: name = reference."""

    def install(*points: tuple[str, str]) -> None:
        group = EntryPoints(EntryPoint(name, value, ENTRY_POINT_GROUP) for name, value in points)
        monkeypatch.setattr("importlib.metadata.entry_points", lambda **_wanted: group)

    install()
    return install


async def complaint(adapter: Adapter[Any]) -> AdapterBroken:
    (stream,) = adapter.offered()
    with pytest.raises(AdapterBroken) as caught:
        async for _batch in adapter.fetch(stream, None):
            pass
    return caught.value


def test_our_kinds_are_those_that_the_package_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][ENTRY_POINT_GROUP] == dict(own_kinds())
    assert project["name"] == DISTRIBUTION
    assert all(kind in registry.kinds() for kind in own_kinds())


def test_our_kinds_are_read_without_importing_much() -> None:
    """The import of `importlib.metadata` costs more than most commands do."""
    script = (
        "import sys; from smic_tui.collecting import registry; assert 'csv' in registry.kinds(); "
        "registry.find('csv'); assert 'importlib.metadata' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a checkout on PYTHONPATH, with a Python into which nothing of ours is installed."""
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    own_kinds.cache_clear()
    yield
    own_kinds.cache_clear()


@pytest.mark.usefixtures("not_installed")
async def test_a_checkout_that_is_not_installed_says_so(installed: Any) -> None:
    assert "csv" in registry.kinds(), "it is not called unknown"
    error = await complaint(registry.make(Source(name="a", kind="csv"), CONTEXT))
    assert "smic-tui is not installed" in error.message
    assert "pip install --editable" in error.hint
    assert not registry.is_ours("csv")


@pytest.mark.usefixtures("not_installed")
def test_an_installation_elsewhere_on_the_path_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also behind folders that are not there, and behind one without entry points."""
    (tmp_path / "old" / "smic_tui-0.0.dist-info").mkdir(parents=True)
    folder = tmp_path / "new" / "smic_tui-1.2.dist-info"
    folder.mkdir(parents=True)
    (tmp_path / "new" / "smic_tui_dumps-1.0.dist-info").mkdir()
    (folder / "entry_points.txt").write_text(
        "[console_scripts]\nsmic-tui = smic_tui.__main__:main\n\n"
        f"[{ENTRY_POINT_GROUP}]\ncsv = a.b:C\nproxmox-backup=d:E\n\n[other]\nx = y:Z\n"
    )
    places = [str(tmp_path / name) for name in ("missing", "old", "new")]
    monkeypatch.setattr(sys, "path", places)
    own_kinds.cache_clear()
    assert dict(own_kinds()) == {"csv": "a.b:C", "proxmox-backup": "d:E"}


def test_our_kinds_need_no_look_at_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**_wanted: str) -> None:
        raise AssertionError

    monkeypatch.setattr("importlib.metadata.entry_points", never)
    assert "csv" in registry.kinds()
    registry.find("csv")


def test_another_package_brings_a_kind(installed: Any) -> None:
    installed(("scripted", "tests.collecting.collecting_doubles:Scripted"))
    assert "scripted" in registry.kinds()
    assert set(registry.kinds()) == {*own_kinds(), "scripted"}
    assert len(registry.kinds()) == len(own_kinds()) + 1
    assert registry.find("scripted") is Scripted


def test_another_package_cannot_replace_one_of_ours(installed: Any) -> None:
    installed(("csv", "tests.collecting.collecting_doubles:Scripted"))
    assert registry.find("csv") is not Scripted
    assert list(registry.kinds()).count("csv") == 1


async def test_an_unknown_kind_names_the_known_ones(installed: Any) -> None:
    assert "sharepoint" not in registry.kinds()
    error = await complaint(registry.make(Source(name="a", kind="sharepoint"), CONTEXT))
    assert "sharepoint" in error.message
    assert "redmine" in error.hint


async def test_two_packages_with_one_kind_are_both_refused(installed: Any) -> None:
    installed(("x", "one:A"), ("x", "two:B"))
    error = await complaint(registry.make(Source(name="a", kind="x"), CONTEXT))
    assert "one:A, two:B" in error.message


@pytest.mark.parametrize(
    "reference",
    [
        "no_such_module:A",
        "tests.collecting.collecting_doubles:Missing",
        "tests.collecting.collecting_doubles:NOW",
        "pathlib:Path",
    ],
)
async def test_a_kind_that_cannot_be_imported_fails_its_sources_only(
    installed: Any, reference: str
) -> None:
    installed(("x", reference))
    assert issubclass(registry.find("x"), BrokenAdapter)
    adapter = registry.make(Source(name="a", kind="x", options={"url": "any"}), CONTEXT)
    assert reference in (await complaint(adapter)).message


async def test_code_that_raises_at_import_fails_its_sources_only(
    installed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "explosive.py").write_text("raise ZeroDivisionError('at import')")
    monkeypatch.syspath_prepend(str(tmp_path))
    installed(("x", "explosive:A"))
    error = await complaint(registry.make(Source(name="a", kind="x"), CONTEXT))
    assert "ZeroDivisionError: at import" in error.message


@pytest.mark.parametrize("kind", list(own_kinds()))
async def test_another_package_called_adapters_is_told_apart(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = ModuleType("adapters")
    stranger.__file__ = "/usr/lib/python3/dist-packages/adapters/__init__.py"
    monkeypatch.setitem(sys.modules, "adapters", stranger)
    error = await complaint(registry.make(Source(name="a", kind=kind), CONTEXT))
    assert stranger.__file__ in error.message
    assert "pipx" in error.hint


async def test_without_our_adapters_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adapters", None)
    error = await complaint(registry.make(Source(name="a", kind="csv"), CONTEXT))
    assert "install smic-tui again" in error.hint


def test_the_adapter_gets_its_settings(installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Simple(Scripted):
        def __init__(self, config: Options, context: Context) -> None:
            Adapter.__init__(self, config, context)

    module = ModuleType("simple_adapter")
    module.Simple = Simple  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "simple_adapter", module)
    installed(("simple", "simple_adapter:Simple"))
    options = Options(url="https://a")
    made = registry.make(Source(name="a", kind="simple", options=options), CONTEXT)
    assert made.config is options
    assert made.context is CONTEXT
    for given, url in ((None, Options().url), ({"url": "https://b"}, "https://b")):
        made = registry.make(Source(name="a", kind="simple", options=given), CONTEXT)
        assert made.config.url == url


async def test_settings_of_the_wrong_shape_fail_the_source_only(
    installed: Any,
) -> None:
    installed(("scripted", "tests.collecting.collecting_doubles:Scripted"))
    made = registry.make(Source(name="a", kind="scripted", options={"url": 3}), CONTEXT)
    assert "url" in (await complaint(made)).message


async def test_a_broken_adapter_answers_probes_too() -> None:
    made = registry.make(Source(name="a", kind="nothing"), CONTEXT)
    assert made.offered() <= frozenset(Stream)
    with pytest.raises(AdapterBroken):
        await made.probe()
    await made.close()
