"""What may be done with actions on their way to the source that owns the record."""
