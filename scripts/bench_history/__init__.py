"""``scripts/bench-history``: what stored messages cost, and how fast they are found again."""
