"""Faults for a network of three servers, while people talk, and a look at what became of every message."""
