"""Actions on their way to the source that owns the record."""
