"""The adapters that come with smic-tui: a package for each kind of source, and what they share."""

# The registry reads this to tell our package from another distribution's `adapters`.
DISTRIBUTION = "smic-tui"
