"""Examines the files that local sources read: `config check` would pass what cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from smic_tui.cli.probing import context_of
from smic_tui.collecting import registry
from smic_tui.collecting.failure import failure_of
from smic_tui.config.errors import Problem
from smic_tui.config.load import Loaded
from smic_tui.config.schema import Source
from smic_tui.contract.redaction import Redactor
from smic_tui.i18n import _
from smic_tui.sample.folder import read_marker

# In seconds; a file on a share that does not answer takes no longer.
_PATIENCE = 20.0
_ELSEWHERE = frozenset({"url", "host", "server", "address", "targets", "repositories"})
# Their keys are fields of records: a host, an address.
_OF_RECORDS = frozenset({"columns", "defaults", "values"})
_PATHS = frozenset({"path", "paths", "folder", "status_file"})


def problems(loaded: Loaded) -> list[Problem]:
    """Returns a problem for each local source whose files or columns cannot be read now."""
    return asyncio.run(_problems(loaded))


async def _problems(loaded: Loaded) -> list[Problem]:
    # The sample is written at the first start; before, its absence is no mistake.
    sample = loaded.sample
    absent = str(sample) if sample is not None and read_marker(sample) is None else None
    sources = [
        source
        for source in loaded.settings.sources.values()
        if source.enabled and _is_local(source, absent)
    ]
    found = await asyncio.gather(*(_problem(loaded, source) for source in sources))
    return [problem for problem in found if problem is not None]


def _is_local(source: Source, absent: str | None) -> bool:
    values = dict(_values(source.options))
    return (
        (
            any(values.get(name) for name in _PATHS)
            or str(values.get("database", "")).startswith("sqlite:")
        )
        and not any(values.get(name) for name in _ELSEWHERE)
        and (absent is None or absent not in str(source.options))
    )


def _values(options: Any) -> Iterator[tuple[str, Any]]:
    """Yields the settings that are set, those of tables too."""
    if isinstance(options, Struct):
        for name in options.__struct_fields__:
            value = getattr(options, name)
            if value:
                yield name, value
            if name not in _OF_RECORDS:
                yield from _values(value)


async def _problem(loaded: Loaded, source: Source) -> Problem | None:
    redact = Redactor()
    context = context_of(loaded, source, redact)
    path = ("sources", source.name)
    try:
        adapter = await asyncio.to_thread(registry.make, source, context)
        try:
            async with asyncio.timeout(_PATIENCE):
                await adapter.probe()
        finally:
            await adapter.close()
    except TimeoutError:
        message = _("its files cannot be read within {seconds:.0f} s")
        message = message.format(seconds=_PATIENCE)
    except Exception as error:
        # Whatever it is, the next reading would fail of it, too.
        failure = failure_of(error, redact)
        message = f"{failure.error}\n  → {failure.hint}" if failure.hint else failure.error
    else:
        return None
    return Problem(path=path, line=loaded.origins.line(path), message=message)
