"""What sources brought that could not be used, with what would fix it."""

from __future__ import annotations

from smic_tui.i18n import _, ngettext
from smic_tui.model.facts import Situation, SourceFact, UnmatchedRef
from smic_tui.views.cells import Cell, Line, Role
from smic_tui.views.narrowed import narrowed_hint, narrowed_text
from smic_tui.views.words import word


def problems(situation: Situation) -> list[Line]:
    """Lines for every source that has an error, rows set aside or rows without a site."""
    lines = [Line(cells=(Cell(notice, Role.WARNING),)) for notice in situation.notices]
    for source in situation.sources:
        part = [*_errors(source), *_unmatched(source), *_rejected(source)]
        if part:
            lines += [Line(cells=(Cell(source.status.name, Role.TITLE),)), *part]
    return lines


def _errors(source: SourceFact) -> list[Line]:
    status = source.status
    lines = []
    if status.narrowed is not None:
        said = narrowed_text(status.narrowed)
        hint = narrowed_hint(status.name)
        lines.append(Line(cells=(Cell(f"  {said}", Role.WARNING),), copy=said))
        lines.append(Line(cells=(Cell(f"  → {hint}"),), copy=hint))
    if status.error:
        lines.append(Line(cells=(Cell(f"  {status.error}", Role.WARNING),), copy=status.error))
    if status.hint:
        lines.append(Line(cells=(Cell(f"  → {status.hint}"),), copy=status.hint))
    return lines


def _unmatched(source: SourceFact) -> list[Line]:
    return [_unmatched_line(source, missing) for missing in source.unmatched]


def _unmatched_line(source: SourceFact, missing: UnmatchedRef) -> Line:
    alias = f'"{missing.site_ref}" = "{missing.nearest_code}"' if missing.nearest_code else ""
    if alias:
        advice = _("is it {name}? Then add {alias} to [matching.aliases].").format(
            name=missing.nearest, alias=alias
        )
    else:
        advice = _("add it to the register of sites, or to [matching.aliases].")
    count = ngettext("{n} row", "{n} rows", missing.count).format(n=missing.count)
    return Line(
        cells=(
            Cell(f"  {missing.site_ref or '–'} ", Role.NOTICE),
            Cell(f"({word(missing.stream)}, {count}) ", Role.MUTED),
            Cell(advice),
        ),
        key=f"{source.key}/{missing.stream}/{missing.site_ref}",
        copy=alias or missing.site_ref,
    )


def _rejected(source: SourceFact) -> list[Line]:
    status = source.status
    lines = [
        Line(
            cells=(
                Cell(f"  {rejected.where} ", Role.NOTICE),
                Cell(rejected.reason),
                Cell(f"  {rejected.sample}", Role.MUTED),
            ),
            key=f"{source.key}/{number}",
            copy=f"{rejected.where} {rejected.reason} {rejected.sample}",
        )
        for number, rejected in enumerate(status.rejected)
    ]
    more = status.rejected_count - len(status.rejected)
    if more > 0:
        text = ngettext("  and {n} more row", "  and {n} more rows", more).format(n=more)
        lines.append(Line(cells=(Cell(text, Role.MUTED),)))
    return lines
