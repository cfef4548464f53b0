"""The table of French public holidays is what the `holidays` library says.

When a new version of the library says otherwise, write the table anew:
`python tests/calendars/test_calendars_holiday_table.py > smic_tui/calendars/french_holidays.py`
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import holidays
import pytest

from smic_tui.calendars import french_holidays, workdays

YEARS = range(2020, 2051)
HEAD = '''"""Public holidays of France, as the `holidays` library gives them.

Importing that library takes 0.15 s, which every start and every command would pay.
Made by `tests/calendars/test_calendars_holiday_table.py`, which also compares it with
the library; other years, countries and parts of France are asked of the library.
"""

from __future__ import annotations

YEARS = {
'''


def module_text() -> str:
    lines = []
    for year in YEARS:
        days = sorted(holidays.country_holidays("FR", years=[year]))
        lines.append(f'    {year}: "{" ".join(f"{day:%m-%d}" for day in days)}",\n')
    return HEAD + "".join(lines) + "}\n"


def test_the_table_is_what_the_library_says() -> None:
    assert Path(french_holidays.__file__).read_text() == module_text()


@pytest.mark.parametrize("year", [2019, 2020, 2026, 2050, 2051])
def test_with_and_without_the_table_the_answer_is_the_same(year: int) -> None:
    assert workdays.holidays_of("FR", "", year) == set(
        holidays.country_holidays("FR", years=[year])
    )


def test_an_ordinary_day_does_not_load_the_library() -> None:
    code = (
        "import sys; from datetime import date;"
        "from smic_tui.config.schema import Calendar;"
        "from smic_tui.calendars.workdays import is_working_day;"
        "assert not is_working_day(date(2026, 11, 11), Calendar());"
        "assert 'holidays' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    sys.stdout.write(module_text())
