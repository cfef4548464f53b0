"""The movers, which change the sample while it is played: one file for each kind of fact."""
