"""SET MLOCK and SET TOPICLOCK: modes and a topic that stay as they are."""

from __future__ import annotations

from chatnet.commands.chanserv.asking import may
from chatnet.commands.errand import Errand
from chatnet.model.registered import RegisteredChannel
from chatnet.records import accounts as values
from chatnet.records.grammar import field
from chatnet.rules import locks
from chatnet.services.accounts import Value
from chatnet.wire.text import printable


async def lock_modes(errand: Errand, registration: RegisteredChannel) -> None:
    """Lock modes, which are set and unset at once, everywhere and also while nobody is there."""
    letters, *params = errand.params[2:] or [""]
    lock, unknown = locks.read_lock(errand.network, letters, params)
    if unknown:
        errand.end(f"These cannot be locked so: {printable(', '.join(unknown))}.")
    text = locks.text_of(lock)
    # A key is nobody's business but theirs.
    await may(errand, registration, "s", f"{locks.MLOCK} {text.partition(' ')[0]}".rstrip())
    given: dict[str, Value] = {field(values.SETTING, locks.MLOCK): text or None}
    await errand.chanserv.change(registration, given | errand.chanserv.held(registration, lock))
    errand.say(
        f"The modes {text} of {registration.name} are locked now."
        if text
        else f"No modes of {registration.name} are locked now."
    )


async def lock_topic(errand: Errand, registration: RegisteredChannel, *, on: bool) -> None:
    """Have nobody change the topic but those with the flag t."""
    await may(errand, registration, "s", f"{locks.TOPICLOCK} {'on' if on else 'off'}")
    given: dict[str, Value] = {field(values.SETTING, locks.TOPICLOCK): "on" if on else None}
    await errand.chanserv.change(registration, given)
    who = "those with the flag t alone" if on else "all who may"
    errand.say(f"The topic of {registration.name} is set by {who} now.")
