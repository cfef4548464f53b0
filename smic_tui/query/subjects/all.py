"""The fields of the filter language, found by the name of what is listed.

English names are canonical; the first alias is the French name. Descriptions
are shown by help and documentation, translated there.
"""

from __future__ import annotations

from importlib import import_module

from smic_tui.model.subjects import SUBJECTS
from smic_tui.query.fields import FieldSet

# Everything that can be filtered: the lines of the Overview, and the facts of each subject.
FILTERED = ("overview", *(subject.name for subject in SUBJECTS))


def fields_for(name: str) -> FieldSet:
    """The fields of one of `FILTERED`: `FIELDS` of the module of that name in this package.

    Raises `KeyError` for anything else.
    """
    if name not in FILTERED:
        raise KeyError(name)
    found: FieldSet = import_module(f"{__package__}.{name}").FIELDS
    return found
