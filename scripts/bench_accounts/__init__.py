"""Measures accounts: ``scripts/bench-accounts``."""
