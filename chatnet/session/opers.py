"""What a reload of the settings does to the opers who are online."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.model.entities import Oper, User
from chatnet.model.facts import Fact, Hearer, Opered, SettingsChanged
from chatnet.rules.opers import granted, granted_to_token, resigned
from chatnet.session.sessions import Sessions


class Opers:
    """An observer: whose block is gone is an oper no more, whose class changed may do what it says now."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self.hears: Final[Mapping[type[Fact], Hearer]] = {SettingsChanged: self._settings_changed}

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        node = self._sessions.node
        grants = [granted(fact.new, block) for block in fact.new.oper]
        of_tokens = [oper for block in fact.new.token if (oper := granted_to_token(fact.new, block))]
        by_name = {oper.name: oper for oper in (*grants, *of_tokens)}
        for user in tuple(node.network.opers):
            oper = user.oper
            if oper is None or user.server is not node.network.me:
                continue
            if self._sessions.seats.opers.get(user) is oper:
                continue  # by a block of another server, which sees to that
            now = by_name.get(oper.name)
            if now is None:
                for change in resigned(user, node.clock.time()):
                    node.commit(change)
                self._tell(user, "You are not an IRC operator any more: your block was removed")
                node.notice("o", f"{user.nick} is an operator no more: the block {oper.name} was removed")
            elif _differs(oper, now):
                node.commit(Opered(user, now, node.clock.time()))
                privileges = " ".join(sorted(now.privileges)) or "none"
                self._tell(user, f"Your class is {now.oper_class} now, your privileges: {privileges}")

    def _tell(self, user: User, text: str) -> None:
        for session in self._sessions.local.sessions_of(user):
            session.notice(text)


def _differs(before: Oper, now: Oper) -> bool:
    return (before.oper_class, before.privileges, before.title) != (now.oper_class, now.privileges, now.title)
