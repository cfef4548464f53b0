"""The kit with which the authors of adapters test them.

`AdapterConformance` has the tests that every adapter passes, `ActingConformance` those for an
adapter through which records can be changed, and `read` reads one stream to its end.
"""

from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from smic_tui.testing.reading import Reading, read

__all__ = ["ActingConformance", "AdapterConformance", "Reading", "read"]
