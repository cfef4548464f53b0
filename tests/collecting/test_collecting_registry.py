"""Which kinds there are, and what becomes of those that cannot be had."""

from __future__ import annotations

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
from smic_tui.config.schema import Source
from smic_tui.contract.adapter import ENTRY_POINT_GROUP, Adapter, Context
from smic_tui.records import Stream
from tests.collecting.collecting_doubles import Options, Scripted

CONTEXT = Context(source="desk", folder=Path(), timezone="UTC", secret=lambda _secret: "")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """The registry remembers what it found: not from one test to the next."""
    registry._built_in.cache_clear()
    registry._others.cache_clear()
    yield
    registry._built_in.cache_clear()
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


def test_the_table_is_what_the_package_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][ENTRY_POINT_GROUP] == dict(registry.BUILT_IN)
    assert project["name"] == registry.DISTRIBUTION


def test_our_kinds_need_no_look_at_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**_wanted: str) -> None:
        raise AssertionError

    monkeypatch.setattr("importlib.metadata.entry_points", never)
    assert "csv" in registry.kinds()
    registry.find("csv")


def test_another_package_brings_a_kind(installed: Any) -> None:
    installed(("scripted", "tests.collecting.collecting_doubles:Scripted"))
    assert "scripted" in registry.kinds()
    assert set(registry.kinds()) == {*registry.BUILT_IN, "scripted"}
    assert len(registry.kinds()) == len(registry.BUILT_IN) + 1
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


@pytest.mark.parametrize("kind", list(registry.BUILT_IN))
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
