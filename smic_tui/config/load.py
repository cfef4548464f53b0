"""Reads a TOML file into validated settings, or reports every problem of the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from smic_tui.config import folders
from smic_tui.config.chosen import Chosen, choose, read_text
from smic_tui.config.digest import settings_digest
from smic_tui.config.errors import ConfigError, KeyPath, Problem, unknown_word
from smic_tui.config.origins import Origins
from smic_tui.config.person import person_here
from smic_tui.config.schema import Settings, Source
from smic_tui.i18n import _

if TYPE_CHECKING:
    from smic_tui.config.crosscheck import FilterCheck
    from smic_tui.contract.adapter import Adapter

SAMPLE = "{sample}"
# The keys that every source has; the other keys of its table belong to its kind.
COMMON_KEYS = tuple(
    field.name for field in msgspec.structs.fields(Source) if field.name not in ("name", "options")
)


class Kinds(Protocol):
    """The kinds of source that are installed; `smic_tui.collecting.registry` is one."""

    def kinds(self) -> Collection[str]:
        """Returns the names of all kinds."""

    def find(self, kind: str) -> type[Adapter[Any]]:
        """Returns the adapter of a kind that `kinds` names."""


class Loaded(Struct, frozen=True, kw_only=True):
    """A configuration ready for use.

    `folder` is where relative paths start. `sample` is the folder of the sample syndicate,
    None if no source reads it. `text` is the file as it was read. `overridden` names the
    keys that the file did not decide, each with what decided it. `digest` comes from
    `config.digest`.

    If `examined` is false, the settings were found good by an earlier run: the `options` of
    sources are still the tables of the file (`registry.with_options` reads them).
    """

    settings: Settings
    chosen: Chosen
    folder: Path
    text: str
    digest: str = ""
    examined: bool = True
    overridden: Mapping[KeyPath, str] = {}
    sample: Path | None = None

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.chosen.path

    @property
    def origins(self) -> Origins:
        """The origin of each key; worked out anew at each call."""
        return _origins(self.path, self.text, self.overridden)


def load(
    path: Path | None,
    *,
    kinds: Kinds,
    check_filter: FilterCheck,
    overrides: Mapping[KeyPath, tuple[Any, str]] | None = None,
    is_known_good: Callable[[str], bool] | None = None,
) -> Loaded:
    """Reads and checks a configuration.

    `overrides` replaces keys of the top tables: path -> (value, what decided it). A
    configuration is not examined if `is_known_good` is true for its digest.
    Raises `ConfigError` with every problem that was found.
    """
    chosen = choose(path)
    file = chosen.path
    text = read_text(file)
    raw = _parse(file, text)
    overrides = overrides or {}
    for (table, key), (value, _by) in overrides.items():
        if isinstance(raw.setdefault(str(table), {}), dict):
            raw[str(table)][key] = value
    sample = folders.sample_folder()
    uses_sample = SAMPLE in str(raw.get("sources"))
    if "sources" in raw:
        raw["sources"] = _expand(raw["sources"], str(sample))
    digest = settings_digest(text, overrides)
    settings = None
    if is_known_good is not None and is_known_good(digest):
        settings = _believed(raw)
    examined = settings is None
    problems: list[Problem] = []
    if settings is None:
        settings, problems = _convert(raw, kinds)
    if settings is not None and examined:
        from smic_tui.config.crosscheck import cross_problems

        problems = list(cross_problems(settings, check_filter))
    if settings is None or problems:
        origins = _origins(file, text)
        placed = (
            msgspec.structs.replace(problem, line=origins.line(problem.path))
            for problem in problems
        )
        raise ConfigError(file, sorted(placed, key=lambda problem: problem.line))
    return Loaded(
        settings=msgspec.structs.replace(settings, me=person_here(settings.me)),
        chosen=chosen,
        folder=file.parent,
        text=text,
        digest=digest,
        examined=examined,
        overridden={key: by for key, (_value, by) in overrides.items()},
        sample=sample if uses_sample else None,
    )


def _origins(file: Path, text: str, overridden: Mapping[KeyPath, str] | None = None) -> Origins:
    from smic_tui.config.positions import lines_of_keys

    return Origins(file=file, lines=lines_of_keys(text), overridden=overridden or {})


_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


def _parse(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        message = _("not valid TOML: {reason}").format(reason=_TOML_PLACE.sub("", str(error)))
        line = int(place[1]) if place else text.count("\n") + 1
    raise ConfigError(file, [Problem(message=message, line=line)])


def _expand(value: Any, sample: str) -> Any:
    """Replaces `{sample}` and a leading `~/` in the texts of sources by their folders."""
    if isinstance(value, str):
        value = value.replace(SAMPLE, sample)
        return str(Path(value).expanduser()) if value.startswith("~/") else value
    if isinstance(value, list):
        return [_expand(item, sample) for item in value]
    if isinstance(value, dict):
        return {key: _expand(item, sample) for key, item in value.items()}
    return value


def _problems_of(value: Any, type_: Any, path: KeyPath) -> list[Problem]:
    # Imported here, so that only a configuration with problems pays for it.
    from smic_tui.config.validate import problems_of

    return problems_of(value, type_, path)


def _problems_of_table(
    table: dict[str, Any], struct: type[Struct], path: KeyPath, also: Collection[str] = ()
) -> list[Problem]:
    from smic_tui.config.validate import problems_of_table

    return problems_of_table(table, struct, path, also)


def _believed(raw: dict[str, Any]) -> Settings | None:
    """Returns the settings with the options of sources unchecked; None if that fails."""
    tables = raw.get("sources", {})
    if not (isinstance(tables, dict) and all(isinstance(one, dict) for one in tables.values())):
        return None
    sources = {
        name: {
            "name": name,
            "options": {key: value for key, value in table.items() if key not in COMMON_KEYS},
            **{key: value for key, value in table.items() if key in COMMON_KEYS},
        }
        for name, table in tables.items()
    }
    try:
        return msgspec.convert({**raw, "sources": sources}, Settings)
    except msgspec.ValidationError:
        return None


def _convert(raw: dict[str, Any], kinds: Kinds) -> tuple[Settings | None, list[Problem]]:
    top = {key: value for key, value in raw.items() if key != "sources"}
    tables = raw.get("sources", {})
    if not isinstance(tables, dict):
        return None, _problems_of(tables, dict[str, dict[str, Any]], ("sources",))
    problems: list[Problem] = []
    sources: dict[str, Source] = {}
    for name, table in tables.items():
        source, wrong = _source(name, table, kinds)
        problems += wrong
        if source is not None:
            sources[name] = source
    try:
        settings = msgspec.convert(top, Settings)
    except msgspec.ValidationError:
        problems += _problems_of_table(top, Settings, ())
        return None, problems
    if problems:
        return None, problems
    return msgspec.structs.replace(settings, sources=sources), []


def _source(name: str, table: Any, kinds: Kinds) -> tuple[Source | None, list[Problem]]:
    path: KeyPath = ("sources", name)
    if not isinstance(table, dict):
        return None, _problems_of(table, dict[str, Any], path)
    kind = table.get("kind")
    known = kinds.kinds()
    if not isinstance(kind, str):
        place = (*path, "kind") if "kind" in table else path
        message = _('the key "kind" is missing: one of {kinds}').format(
            kinds=", ".join(sorted(known))
        )
        return None, [Problem(path=place, message=message)]
    if kind not in known:
        message = unknown_word(kind, known, _("no such kind of source"))
        return None, [Problem(path=(*path, "kind"), message=message)]
    config_type = kinds.find(kind).config_type
    common = {key: value for key, value in table.items() if key in COMMON_KEYS}
    own = {key: value for key, value in table.items() if key not in COMMON_KEYS}
    if _takes_anything(config_type):
        own = {}
    named = {**common, "name": name}
    if _is_plainly_good(named, own, config_type):
        problems = []
    else:
        problems = _problems_of_table(named, Source, path)
        problems += _problems_of_table(own, config_type, path, also=COMMON_KEYS)
    if problems:
        return None, problems
    options = msgspec.convert(own, config_type)
    return msgspec.convert({**named, "options": options}, Source), []


def _takes_anything(config_type: type[Struct]) -> bool:
    """Whether the type stands for an adapter that cannot be imported.

    The settings of such an adapter cannot be checked.
    """
    return not config_type.__struct_fields__ and (
        not config_type.__struct_config__.forbid_unknown_fields
    )


def _is_plainly_good(named: dict[str, Any], own: dict[str, Any], config_type: type[Struct]) -> bool:
    """Whether a source has no problem, so that the slow search for all problems is needless."""
    if own.keys() - {*config_type.__struct_encode_fields__}:
        return False
    try:
        msgspec.convert(named, Source)
        options = msgspec.convert(own, config_type)
    except msgspec.ValidationError:
        return False
    from smic_tui.config.secrets import names_one_place, within

    return all(names_one_place(secret) for secret in within(options))
