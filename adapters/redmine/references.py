"""Finds what the numbers in custom fields stand for.

Issues show a field of type key/value list, user or version by a number. Only an administrator may
ask Redmine what a field's type is (/custom_fields.json). But the CSV of issues, which the account
that reads them may ask for with its key (Redmine 5.0.4 as measured), has the shown texts: of a
field with numbers it is asked what a few of them show. A field that shows its numbers is plain.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from adapters.redmine.issues import CustomValue, Issue
from smic_tui.contract.errors import BadAnswer

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

# Issues in one question, and how many questions one reading may ask.
_AT_ONCE = 100
_QUESTIONS = 20
# So many issues tell whether a field is plain.
_SAMPLE = 3
_REMEMBERED = 20_000
_CSV = "text/csv"

# A field's number and what an issue holds in it.
_Held = tuple[int, tuple[str, ...]]


class References:
    """Remembers what the numbers of custom fields stand for. One reading at a time uses it."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._fields = frozenset(name for name in fields if name)
        self._shown: dict[_Held, str] = {}
        self._plain: set[int] = set()
        self._refused = False

    def shown(self, custom: CustomValue) -> str | None:
        """Return the text that Redmine shows instead of a field's numbers; None if not known."""
        return self._shown.get((custom.id, _numbers(custom.value)))

    async def learn(self, http: HttpSession, issues: Sequence[Issue]) -> None:
        """Ask what the numbers in these issues stand for, as far as that is not known."""
        if self._refused or not self._fields:
            return
        if len(self._shown) > _REMEMBERED:
            self._shown.clear()
        wanted = self._unknown(issues)
        for field in sorted({field for field, _numbers in wanted}):
            first = [n for (of, _held), n in wanted.items() if of == field][:_SAMPLE]
            await self._ask(http, issues, first, field)
            if self._refused:
                return
        wanted = self._unknown(issues)
        for field in sorted({field for field, _numbers in wanted}):
            numbers = [n for (of, _held), n in wanted.items() if of == field]
            for start in range(0, min(len(numbers), _AT_ONCE * _QUESTIONS), _AT_ONCE):
                await self._ask(http, issues, numbers[start : start + _AT_ONCE], field)

    def _unknown(self, issues: Sequence[Issue]) -> dict[_Held, int]:
        """Return what is held and not understood, each with the number of one issue."""
        found: dict[_Held, int] = {}
        for issue in issues:
            for custom in issue.custom_fields:
                if custom.id in self._plain or not self._is_wanted(custom):
                    continue
                held = (custom.id, _numbers(custom.value))
                if held[1] and held not in self._shown:
                    found.setdefault(held, issue.id)
        return found

    def _is_wanted(self, custom: CustomValue) -> bool:
        return custom.name in self._fields or str(custom.id) in self._fields

    async def _ask(
        self, http: HttpSession, issues: Sequence[Issue], numbers: Sequence[int], field: int
    ) -> None:
        params = {
            "issue_id": ",".join(map(str, numbers)),
            "status_id": "*",
            "encoding": "UTF-8",
            "c[]": f"cf_{field}",
        }
        try:
            answer = await http.request(
                "GET", "/issues.csv", params=params, accept=_CSV, expect=(200, 403, 404, 406)
            )
        except BadAnswer:
            # A web page: this Redmine gives CSV to people only.
            self._refused = True
            return
        if answer.status != 200:
            self._refused = True
            return
        texts = _texts(answer)
        by_number = {issue.id: issue for issue in issues}
        plain = bool(texts)
        for number in numbers:
            text = texts.get(number)
            held = next(
                (
                    _numbers(custom.value)
                    for custom in by_number[number].custom_fields
                    if custom.id == field
                ),
                (),
            )
            if text is None or not held:
                continue
            plain = plain and text == ", ".join(held)
            self._shown[field, held] = text
        if plain:
            self._plain.add(field)
            for key in [key for key in self._shown if key[0] == field]:
                del self._shown[key]


def _numbers(value: Any) -> tuple[str, ...]:
    """Return what a field holds if that is one number or several; else nothing."""
    parts = value if isinstance(value, list) else [value]
    texts = tuple(str(part) for part in parts if part not in (None, ""))
    if not texts or not all(text.isascii() and text.isdecimal() for text in texts):
        return ()
    return texts


def _texts(answer: Answer) -> dict[int, str]:
    """Return the second column of a CSV by the number in its first.

    The language of the account decides between comma and semicolon.
    """
    try:
        text = answer.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        # An older Redmine does not know the parameter, and writes French as it was written then.
        text = answer.body.decode("cp1252", "replace")
    head = text.partition("\n")[0]
    delimiter = ";" if head.startswith(("#;", '"#";')) else ","
    found: dict[int, str] = {}
    # A cell larger than the reader allows ends it; what came before is good.
    with contextlib.suppress(csv.Error):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(row) >= 2 and row[0].isascii() and row[0].isdecimal():
                found[int(row[0])] = row[1].strip()
    return found
