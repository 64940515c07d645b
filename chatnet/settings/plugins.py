"""Pieces of Python that operators add: ``[[plugin]]``."""

from __future__ import annotations

import re

from pydantic import field_validator

from chatnet.settings.base import Section


class PluginSettings(Section):
    """``[[plugin]]``: a piece of Python that runs in this server, and may do all that it can."""

    module: str
    """A module that can be imported, as ``club.greeter``, with a class ``Plugin``; loaded at the start."""
    settings: tuple[str, ...] = ()
    """What it is given, as ``key=value``."""

    @field_validator("module")
    @classmethod
    def _check_module(cls, value: str) -> str:
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", value) is None:
            raise ValueError("is not the name of a module such as club.greeter")
        return value

    @field_validator("settings")
    @classmethod
    def _check_settings(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not each.partition("=")[1] or not each.partition("=")[0].strip():
                raise ValueError(f"has {each!r}, which is not key=value")
        return value
