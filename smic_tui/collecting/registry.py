"""Finds the kinds of source, and the adapter of each.

Every kind is an entry point of the group `smic_tui.adapters`. Those of this program are read
first (`own_kinds`); all that is installed is looked through only for a kind that is not among
them, so that no other package can replace one of ours. Nothing here raises: a kind whose adapter
cannot be had gets one that says why.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from smic_tui.collecting.broken import BrokenAdapter, broken
from smic_tui.collecting.own_kinds import DISTRIBUTION, own_kinds
from smic_tui.config.schema import Source
from smic_tui.contract.adapter import ENTRY_POINT_GROUP, Adapter, Context
from smic_tui.i18n import _

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class _Kinds(Collection[str]):
    """The names of all kinds; other packages are looked through only for one that is not ours."""

    def __contains__(self, kind: object) -> bool:
        own = own_kinds()
        # Without our own list no kind is called unknown: its source says what is missing.
        return kind in own or not own or kind in _others()

    def __iter__(self) -> Iterator[str]:
        return iter([*own_kinds(), *_others()])

    def __len__(self) -> int:
        return len(own_kinds()) + len(_others())


def kinds() -> Collection[str]:
    """The names of all kinds that are installed."""
    return _Kinds()


def find(kind: str) -> type[Adapter[Any]]:
    """The adapter class of a kind.

    For a kind that is unknown, brought twice or cannot be imported it is a class
    whose sources fail with the reason.
    """
    if kind in own_kinds():
        return _own(kind)
    candidates = _others().get(kind, ())
    if not candidates and not own_kinds():
        return broken(
            kind,
            _("smic-tui is not installed, so that nothing tells which kinds of source it has"),
            _("in a checkout: make, or pip install --editable ."),
        )
    if not candidates:
        return broken(
            kind,
            _("no adapter for the kind {kind!r} is installed").format(kind=kind),
            _("known kinds: {kinds}").format(kinds=", ".join(kinds())),
        )
    if len(candidates) > 1:
        packages = ", ".join(sorted(_package(candidate) for candidate in candidates))
        return broken(
            kind,
            _("several packages bring the kind {kind!r}: {packages}").format(
                kind=kind, packages=packages
            ),
            _("uninstall all but one of them"),
        )
    return _load(kind, candidates[0].value, _package(candidates[0]))


def is_ours(kind: str) -> bool:
    """Whether the kind comes with the program, and its adapter can be had."""
    return kind in own_kinds() and not issubclass(find(kind), BrokenAdapter)


def with_options(source: Source) -> Source:
    """The source with settings of its kind, where they are still the table of the file.

    May import modules: not for the event loop. A table that is wrong stays as it is;
    `make` says what is wrong.
    """
    if not isinstance(source.options, dict):
        return source
    try:
        options = msgspec.convert(source.options, find(source.kind).config_type)
    except msgspec.ValidationError:
        return source
    return msgspec.structs.replace(source, options=options)


def make(source: Source, context: Context) -> Adapter[Any]:
    """The adapter of a source, ready to read. May import modules: not for the event loop."""
    adapter = find(source.kind)
    options = source.options
    if not isinstance(options, adapter.config_type):
        try:
            options = msgspec.convert({} if options is None else options, adapter.config_type)
        except msgspec.ValidationError as error:
            adapter = broken(source.kind, str(error))
            options = adapter.config_type()
    return adapter(options, context)


@lru_cache
def _own(kind: str) -> type[Adapter[Any]]:
    try:
        package = importlib.import_module("adapters")
    except ImportError as error:
        return broken(
            kind,
            _("the package 'adapters' of smic-tui cannot be imported: {reason}").format(
                reason=error
            ),
            _("install smic-tui again"),
        )
    if getattr(package, "DISTRIBUTION", None) != DISTRIBUTION:
        place = getattr(package, "__file__", None) or ", ".join(getattr(package, "__path__", ()))
        return broken(
            kind,
            _("another package is called 'adapters' and hides ours: {place}").format(place=place),
            _("install smic-tui into an environment of its own (pipx or uv tool)"),
        )
    return _load(kind, own_kinds()[kind], DISTRIBUTION)


def _load(kind: str, reference: str, package: str) -> type[Adapter[Any]]:
    module, _colon, name = reference.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:
        # Code of others runs at import: whatever it raises, only this kind fails.
        return broken(
            kind,
            _("the adapter {reference} of {package} cannot be imported: {reason}").format(
                reference=reference, package=package, reason=f"{type(error).__name__}: {error}"
            ),
            _("install {package} again, or tell its author").format(package=package),
        )
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        return broken(
            kind,
            _("{reference} of {package} is not an adapter").format(
                reference=reference, package=package
            ),
            _("tell the author of {package}").format(package=package),
        )
    return found


@lru_cache
def _others() -> Mapping[str, tuple[EntryPoint, ...]]:
    from importlib.metadata import entry_points

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name not in own_kinds():
            found[point.name] = (*found.get(point.name, ()), point)
    return found


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
