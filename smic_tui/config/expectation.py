"""Says in words what a key may hold, and what it holds instead."""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from smic_tui.contract.secret import Secret
from smic_tui.i18n import _, ngettext

_LONGEST_SHOWN = 60
_DURATION_SAMPLE, _TIME_SAMPLE, _NAME_SAMPLE = "15m", "07:30", "name"


def unwrap(type_: Any) -> tuple[Any, tuple[Meta, ...]]:
    """Returns a type without its annotations, and its msgspec annotations."""
    metas: tuple[Meta, ...] = ()
    while get_origin(type_) is Annotated:
        type_, *extras = get_args(type_)
        metas += tuple(extra for extra in extras if isinstance(extra, Meta))
    return type_, metas


def alternatives(type_: Any) -> tuple[Any, ...]:
    """Returns the members of a union without None, which TOML lacks, or the type alone."""
    base, _metas = unwrap(type_)
    if get_origin(base) in (Union, types.UnionType):
        return tuple(
            inner
            for member in get_args(base)
            if member is not type(None)
            for inner in alternatives(member)
        )
    return (type_,)


def expected(type_: Any) -> str:
    """Returns what a type allows: "a whole number from 1 to 65535", "one of: auto, fr, en"."""
    members = alternatives(type_)
    if len(members) > 1:
        return _(" or ").join(expected(member) for member in members)
    base, metas = unwrap(members[0])
    _same, outer = unwrap(type_)
    origin = get_origin(base) or base
    if origin is Literal:
        return _("one of: {words}").format(words=", ".join(str(word) for word in get_args(base)))
    if base is Secret:
        return _('a secret: { env = "NAME" }, { file = "PATH" } or { command = ["…"] }')
    if isinstance(origin, type) and (issubclass(origin, Struct) or issubclass(origin, dict)):
        return _("a table")
    if origin in (list, tuple, set, frozenset):
        items = get_args(base)[:1]
        if items and items[0] is not Any:
            return _("a list (each: {item})").format(item=expected(items[0]))
        return _("a list")
    if origin is str:
        return _text(metas + outer)
    if origin in (int, float):
        return _number(origin, metas + outer)
    if origin in _SIMPLE:
        return _SIMPLE[origin]()
    return str(getattr(origin, "__name__", origin))


_SIMPLE: dict[Any, Callable[[], str]] = {
    bool: lambda: _("true or false"),
    datetime: lambda: _("a date with time"),
    date: lambda: _("a date"),
    time: lambda: _("a time of day"),
}


def _text(metas: tuple[Meta, ...]) -> str:
    for meta in metas:
        if meta.pattern is None:
            continue
        takes_names = _accepts(meta, _NAME_SAMPLE)
        if not takes_names and _accepts(meta, _DURATION_SAMPLE):
            return _("a duration such as 90s, 15m, 6h or 2d")
        if not takes_names and _accepts(meta, _TIME_SAMPLE):
            return _("a time of day from 00:00 to 23:59, such as 07:30")
        return _("text of the form {pattern}").format(pattern=meta.pattern)
    if any(meta.min_length for meta in metas):
        return _("text that is not empty")
    return _("text")


def _accepts(meta: Meta, sample: str) -> bool:
    try:
        msgspec.convert(sample, Annotated[str, meta])
    except msgspec.ValidationError:
        return False
    return not _matches_anything(meta)


def _matches_anything(meta: Meta) -> bool:
    try:
        msgspec.convert("anything else", Annotated[str, meta])
    except msgspec.ValidationError:
        return False
    return True


def _number(kind: type, metas: tuple[Meta, ...]) -> str:
    name = _("a whole number") if kind is int else _("a number")
    low = next((m.ge for m in metas if m.ge is not None), None)
    above = next((m.gt for m in metas if m.gt is not None), None)
    high = next((m.le for m in metas if m.le is not None), None)
    if low is not None and high is not None:
        return _("{number} from {low} to {high}").format(number=name, low=low, high=high)
    if low is not None:
        return _("{number}, at least {low}").format(number=name, low=low)
    if above is not None:
        return _("{number} above {low}").format(number=name, low=above)
    if high is not None:
        return _("{number}, at most {high}").format(number=name, high=high)
    return name


def found(value: Any, type_: Any = str) -> str:
    """Returns a value in words; never the value itself where a secret is expected."""
    if isinstance(value, dict):
        return _("a table")
    if isinstance(value, list):
        return ngettext("a list of {n}", "a list of {n}", len(value)).format(n=len(value))
    if any(unwrap(member)[0] is Secret for member in alternatives(type_)):
        return _("a plain value (not shown)")
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
