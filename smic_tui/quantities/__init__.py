"""One grammar of numbers, durations and sizes, as French and English write them.

Filters, the configuration, tables and journals, acknowledgements and orders to a source
all read through it: the same text means the same everywhere, or is refused everywhere.
A caller chooses what it takes (a duration without a unit, the decimal separator of a
file) and says in its own words what it expected; the grammar says why it refuses.
"""
