"""Whom to connect to, and when."""
