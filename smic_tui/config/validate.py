"""Finds every problem of a table.

msgspec stops at the first problem. It still decides what is one: the functions here take
a table apart and let msgspec convert each piece by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args, get_origin

import msgspec
from msgspec import Struct

from smic_tui.config.errors import KeyPath, Problem, unknown_word
from smic_tui.config.expectation import alternatives, expected, found, unwrap
from smic_tui.config.secrets import names_one_place
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

_LISTS = (list, tuple, set, frozenset)


def problems_of(value: Any, type_: Any, path: KeyPath) -> list[Problem]:
    """Returns the problems that keep `value` from being a `type_`; none if it is one."""
    base = _fitting(value, type_)
    origin = get_origin(base) or base
    if isinstance(value, dict) and isinstance(origin, type) and issubclass(origin, Struct):
        return problems_of_table(value, origin, path)
    if isinstance(value, dict) and origin is dict:
        inner = (get_args(base) or (str, Any))[1]
        return [p for key, item in value.items() for p in problems_of(item, inner, (*path, key))]
    if isinstance(value, list) and origin in _LISTS and get_args(base):
        found_inside = [
            problem
            for index, item in enumerate(value)
            for problem in problems_of(item, _element(base, index), (*path, index))
        ]
        if found_inside:
            return found_inside
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        message = _("expected {expected}, found {found}").format(
            expected=expected(type_), found=found(value, type_)
        )
        return [Problem(path=path, message=message)]
    return []


def problems_of_table(
    table: dict[str, Any], struct: type[Struct], path: KeyPath, also: Iterable[str] = ()
) -> list[Problem]:
    """Returns the problems of one table; the keys in `also` are allowed and not checked."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    also = set(also)
    problems: list[Problem] = []
    for key, value in table.items():
        if key in fields:
            problems += problems_of(value, fields[key].type, (*path, key))
        elif key not in also:
            message = unknown_word(key, {*fields, *also}, _("no such key here"))
            problems.append(Problem(path=(*path, key), message=message))
    for name, field in fields.items():
        if field.required and name not in table:
            message = _('the key "{key}" is missing: {expected}').format(
                key=name, expected=expected(field.type)
            )
            problems.append(Problem(path=path, message=message))
    if not problems:
        problems += _problems_of_whole(
            {key: value for key, value in table.items() if key in fields}, struct, path
        )
    return problems


def _problems_of_whole(table: dict[str, Any], struct: type[Struct], path: KeyPath) -> list[Problem]:
    """Returns the problem that the type's own check finds in all keys together."""
    try:
        converted = msgspec.convert(table, struct)
    except msgspec.ValidationError as error:
        return [Problem(path=path, message=str(error).split(" - at `$")[0])]
    if isinstance(converted, Secret) and not names_one_place(converted):
        message = _("a secret names exactly one of env, file and command")
        return [Problem(path=path, message=message)]
    return []


def _fitting(value: Any, type_: Any) -> Any:
    """Returns the member of a union that a value of this shape is meant for."""
    members = [unwrap(member)[0] for member in alternatives(type_)]
    if len(members) == 1:
        return members[0]
    same_shape = [member for member in members if _shape(member) is type(value)]
    return same_shape[0] if len(same_shape) == 1 else type_


def _shape(type_: Any) -> type:
    origin = get_origin(type_) or type_
    if isinstance(origin, type) and issubclass(origin, Struct):
        return dict
    if origin in _LISTS:
        return list
    return origin if isinstance(origin, type) else object


def _element(type_: Any, index: int) -> Any:
    """Returns the type of the element at `index` of a list or tuple type."""
    arguments = get_args(type_)
    if get_origin(type_) is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
        return arguments[index] if index < len(arguments) else Any
    return arguments[0]
