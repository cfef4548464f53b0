"""Adapters of smic-tui: one file per kind of source."""

# The registry reads this to tell our package from another distribution's `adapters`.
DISTRIBUTION = "smic-tui"
