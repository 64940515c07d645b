"""Channels, as neighbours tell of them: the verbs, and what they mean with stamps and without."""
