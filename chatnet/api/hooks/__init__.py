"""Hooks: what programs elsewhere say in channels, and what they are told of these."""
