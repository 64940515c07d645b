"""Channels, as neighbours tell of them."""
