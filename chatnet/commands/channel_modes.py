"""MODE: what holds in a channel (here), and of a user (in ``user_modes``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.commands.user_modes import user_mode
from chatnet.model.entities import Channel, User, mode_text, split_forward
from chatnet.model.facts import ModeChange, ModesChanged
from chatnet.model.modes import HALFOP, OWN_MODES, RANKS, kind_of
from chatnet.rules import bans, modes
from chatnet.rules.locks import may_set_mode
from chatnet.rules.refusal import Refusal
from chatnet.rules.visibility import may_see_channel, may_see_members
from chatnet.session.render import encode, mode_lines
from chatnet.wire import numerics
from chatnet.wire.modestring import Change, parse_changes
from chatnet.wire.numerics import Numeric
from chatnet.wire.server_time import minute
from chatnet.wire.text import byte_length, middle

MOST_UNKNOWN: Final = 10
"""How many unknown letters of one command are answered."""

_OWN: Final = frozenset("".join(OWN_MODES.values()))

LISTS: Final[dict[str, tuple[Numeric, Numeric]]] = {
    "b": (numerics.RPL_BANLIST, numerics.RPL_ENDOFBANLIST),
    "e": (numerics.RPL_EXCEPTLIST, numerics.RPL_ENDOFEXCEPTLIST),
    "I": (numerics.RPL_INVEXLIST, numerics.RPL_ENDOFINVEXLIST),
}
"""What an entry and the end of each list are told with."""


@CLIENT.command("MODE", min_params=1, penalty=1.0)
def mode(request: Request) -> Awaitable[None] | None:
    """`MODE <channel> [<modes> [<parameters>]]`, `MODE <your nick> [<modes>]`: show or change modes.

    ``MODE #c +o-v ann bob`` makes ann an operator and takes bob's voice; ``MODE #c b`` shows the bans, and so
    e and I.  Without modes, those that hold are shown.  What is refused is told, the rest is done.
    https://modern.ircdocs.horse/#mode-message
    Refuses with 403 or 401 (no such target); in a channel with 442 (not on it; to read, if it is secret), 482
    (your rank is too low), 481 and 723 (for opers only), 472 (unknown letter), 401 and 441 (whose rank?), 478
    (list full), 525 (key), 696 (parameter missing or wrong), 743 (mask), 742 (it is locked, MLOCK); of a user
    with 502 (not you), 501 (unknown).
    """
    if request.params[0][:1] != "#":
        return user_mode(request)
    _channel_mode(request)
    return None


def _channel_mode(request: Request) -> None:
    channel = request.channel(0)
    if len(request.params) == 1:
        user = request.user
        if not may_see_channel(user, channel) and not user.may("channels"):
            request.stop(numerics.ERR_NOTONCHANNEL, channel.name)
        show_key = user in channel.members or user.may("channels")
        request.reply(numerics.RPL_CHANNELMODEIS, channel.name, mode_text(channel, show_key=show_key))
        request.reply(numerics.RPL_CREATIONTIME, channel.name, channel.ts)
        return
    changes, unknown = parse_changes(request.params[1], request.params[2:], kind_of)
    for letter in unknown[:MOST_UNKNOWN]:
        request.reply(numerics.ERR_UNKNOWNMODE, middle(letter))
    ModeCommand(request, channel).run(changes)


class ModeCommand:
    """One MODE command on a channel: what it asks is judged part by part, what is left becomes one fact.

    `wanted` holds the last word on each mode, each mask and each member's rank; what differs from the
    channel as it was is the change.  Ranks are those at the beginning, so an operator may step down last or
    first.  What is entered in lists is there `until` a Unix time; None: for ever.  If it is `forced` (SAMODE)
    the server says it, whatever ranks the asker has.
    """

    __slots__ = (
        *("asked", "channel", "forced", "overrode", "parameters", "ranks", "request", "told", "until"),
        "wanted",
    )

    def __init__(
        self, request: Request, channel: Channel, until: int | None = None, *, forced: bool = False
    ) -> None:
        self.request = request
        self.channel = channel
        self.forced = forced
        self.ranks = channel.members.get(request.user, 0)
        self.wanted: dict[tuple[str, object], ModeChange] = {}
        self.told: set[str] = set()
        self.asked: list[str] = []
        self.parameters = 0
        self.overrode = False
        self.until = until

    def run(self, changes: list[Change]) -> tuple[ModeChange, ...]:
        """Judge `changes`, and commit and give what is left of them."""
        request, channel = self.request, self.channel
        most = request.settings.limits.modes
        for change in changes:
            kind = kind_of(change.letter) or ""
            if kind == "A" and not change.parameter:
                self._ask_list(change.letter)
                continue
            if change.parameter is not None:
                self.parameters += 1
                if self.parameters > most:
                    continue
            if not (self.forced or request.user in channel.members or request.user.may("channels")):
                self._refuse_once(Refusal(numerics.ERR_NOTONCHANNEL, channel.name))
                continue
            if (refusal := may_set_mode(request.network, channel, change.letter)) is not None:
                self._refuse_once(refusal)
                continue
            _JUDGES[kind](self, change)
        effective = tuple(
            change for (_, subject), change in self.wanted.items() if modes.differs(channel, subject, change)
        )
        if effective:
            if self.overrode:
                self._tell_opers(effective)
            if (
                self.overrode
                or self.forced
                or any(change.letter in modes.PRIVILEGE_FOR for change in effective)
            ):
                request.note_down(channel.name, " ".join(shown(change) for change in effective))
            by = request.network.me if self.forced else request.user
            request.commit(ModesChanged(channel, effective, by, request.now))
            self._warn({change.letter for change in effective if change.adding})
        for letter in self.asked:  # as it is now
            self._show_list(letter)
        return effective

    def _warn(self, added: set[str]) -> None:
        """Modes that are but this server's, and those of its kind, keep nobody elsewhere from anything."""
        letters = modes.unheeded(self.request.network, self.channel, added & _OWN)
        if letters:
            text = f"{self.channel.name}: +{letters} does not hold for members on servers that do not know it"
            self.request.session.notice(text)

    def _want(self, subject: object, change: ModeChange) -> None:
        key = (change.letter, subject)
        self.wanted.pop(key, None)
        self.wanted[key] = change

    # what is told

    def _refuse_once(self, refusal: Refusal) -> None:
        if refusal.numeric.code not in self.told:
            self.told.add(refusal.numeric.code)
            self.request.refuse(refusal)

    def _allowed(self, refusal: Refusal | None) -> bool:
        """False, and the asker told, if this part is refused; an oper's privilege makes up for rank."""
        if refusal is None or self.forced:
            return True
        if refusal.numeric is numerics.ERR_CHANOPRIVSNEEDED and self.request.user.may("channels"):
            self.overrode = True
            return True
        self._refuse_once(refusal)
        return False

    def _bad(self, change: Change, reason: str) -> None:
        parameter = middle(change.parameter or "")
        self.request.reply(numerics.ERR_INVALIDMODEPARAM, self.channel.name, change.letter, parameter, reason)

    def _tell_opers(self, changes: tuple[ModeChange, ...]) -> None:
        user, source = self.request.user, encode(self.request.user.nick)
        for body in mode_lines(source, self.channel.source, changes, len(changes)):
            text = body.decode("utf-8", "surrogateescape").partition(" MODE ")[2]
            self.request.notice("g", f"{user.mask} used MODE {text} by override")

    def _ask_list(self, letter: str) -> None:
        """Bans are shown to all who may see who is there, exceptions only to those who may change them.

        For they tell who set them.
        """
        if letter in self.told:
            return
        self.told.add(letter)
        request, channel = self.request, self.channel
        if not request.user.may("channels"):
            if not may_see_members(request.user, channel):
                self._refuse_once(Refusal(numerics.ERR_NOTONCHANNEL, channel.name))
                return
            if letter != "b" and self.ranks < HALFOP:
                self._refuse_once(Refusal(numerics.ERR_CHANOPRIVSNEEDED, channel.name))
                return
        self.asked.append(letter)

    def _show_list(self, letter: str) -> None:
        request, channel = self.request, self.channel
        entry_numeric, end_numeric = LISTS[letter]
        shown = request.network.shown
        for entry in channel.lists[letter].values():
            by = shown(entry.by)
            if letter == "b" and entry.until is not None:
                until = minute(entry.until)
                request.reply(numerics.RPL_TIMEDBAN, channel.name, entry.text, by, entry.at, until)
            else:
                request.reply(entry_numeric, channel.name, entry.text, by, entry.at)
        request.reply(end_numeric, channel.name)
        request.session.hand_over()

    # what is judged

    def _flag(self, change: Change) -> None:
        if self._allowed(modes.may_change(self.request.user, self.ranks, self.channel, change.letter)):
            self._want(None, ModeChange(change.adding, change.letter))

    def _rank(self, change: Change) -> None:
        channel, request, name = self.channel, self.request, change.parameter
        if not name:
            self._bad(change, "Name a member of the channel")
            return
        target = request.network.user(name)
        if target is None:
            request.reply(numerics.ERR_NOSUCHNICK, middle(name))
        elif target not in channel.members:
            # Whoever may not do it anyway is not told who is there: an auditorium hides that.
            if self.forced or request.user.may("channels"):
                refusal = None
            else:
                refusal = modes.may_change(request.user, self.ranks, channel, change.letter)
            if refusal is not None:
                self._refuse_once(refusal)
            else:
                request.reply(numerics.ERR_USERNOTINCHANNEL, target.nick, channel.name)
        elif self._allowed(self._may_rank(change, target)):
            self._want(target, ModeChange(change.adding, change.letter, None, target))

    def _may_rank(self, change: Change, target: User) -> Refusal | None:
        user, ranks, channel, letter = self.request.user, self.ranks, self.channel, change.letter
        if change.adding or not channel.members[target] & RANKS[letter]:
            return modes.may_change(user, ranks, channel, letter)
        return modes.may_take_rank(user, ranks, channel, letter, target)

    def _parameter(self, change: Change) -> None:
        """k, l, f, j, H, W and E."""
        letter, given, request = change.letter, change.parameter, self.request
        if not self._allowed(modes.may_change(request.user, self.ranks, self.channel, letter)):
            return
        if not change.adding:
            self._want(None, ModeChange(False, letter, "*" if letter == "k" else None))
        elif not given:
            self._bad(change, "This mode needs a parameter")
        elif (parameter := _READERS[letter](self, change, given)) is not None:
            self._want(None, ModeChange(True, letter, parameter))

    def _key(self, change: Change, given: str) -> str | None:
        most = self.request.settings.limits.key
        abroad = modes.is_known_abroad(self.request.network)
        found = modes.key(given, min(most, modes.KEY_ABROAD) if abroad else most)
        if found is None:
            self.request.reply(numerics.ERR_INVALIDKEY, self.channel.name)
        elif abroad and len(found) < len(given) and most > modes.KEY_ABROAD:
            text = (
                f"{self.channel.name}: its key is cut to {modes.KEY_ABROAD} bytes, as other servers would do"
            )
            self.request.session.notice(text)
        return found

    def _plain(self, change: Change, given: str) -> str | None:
        """A parameter of which there is no more to say than how it is written."""
        found = modes.READERS[change.letter](given)
        if found is None:
            self._bad(change, _SPELLINGS[change.letter])
        return found

    def _history(self, change: Change, given: str) -> str | None:
        found, most = modes.history(given), self.request.settings.history.channels_most
        if found is None:
            self._bad(
                change, "Messages are kept for 0, or <number>h, d or w; then perhaps :all, :account, :join"
            )
        elif modes.keeps_too_long(found, most):
            self._bad(change, f"Messages are kept for {most} days at most")
            return None
        return found

    def _forward(self, change: Change, given: str) -> str | None:
        request = self.request
        target = request.network.channel(given)
        if refusal := modes.may_forward(request.user, given, target):
            request.refuse(refusal)
        elif target is self.channel:
            self._bad(change, "A channel cannot forward to itself")
        elif target is not None:
            return target.name
        return None

    def _mask(self, change: Change) -> None:
        request, channel, letter, given = self.request, self.channel, change.letter, change.parameter or ""
        if not self._allowed(modes.may_change(request.user, self.ranks, channel, letter)):
            return
        limits = request.settings.limits
        bare, forward = split_forward(given.strip(" "))
        if forward is None and len(bare) > 1:
            bare = bare.removesuffix("$")  # a forward to nowhere
        mask = bans.complete(bare, letter, limits.nick, limits.user)
        if not change.adding:
            for text in (mask, bare):  # another server may have entered what we would not
                entry = channel.lists[letter].get(request.network.fold(text)) if text else None
                if entry is not None:
                    mask, forward = entry.mask, entry.forward
                    break
            if mask is not None:
                self._want(request.network.fold(mask), ModeChange(False, letter, _text(mask, forward)))
            return
        if (
            mask is None
            or "$" in mask.removeprefix("$q:")[1:]
            or byte_length(_text(mask, forward)) > modes.MASK
        ):
            request.reply(numerics.ERR_INVALIDBAN, channel.name, letter, middle(given))
            return
        if forward is not None:
            if letter != "b" or mask.startswith("$q:"):
                request.reply(numerics.ERR_INVALIDBAN, channel.name, letter, middle(given))
                return
            target = request.network.channel(forward)
            if refusal := modes.may_forward(request.user, forward, target):
                request.refuse(refusal)
                return
        folded = request.network.fold(mask)
        entry = channel.lists[letter].get(folded)
        if entry is not None and entry.until is None and self.until is not None:
            text = f"{entry.text} is banned in {channel.name} for ever: MODE {channel.name} -b first"
            request.session.notice(text)
            return
        if entry is None and self._is_full(_text(mask, forward)):
            request.reply(numerics.ERR_BANLISTFULL, channel.name, _text(mask, forward))
            return
        self._want(folded, ModeChange(True, letter, _text(mask, forward), until=self.until))

    def _is_full(self, more: str) -> bool:
        """Whether b, e and I have no room for one more entry, or all that the asker fills have not."""
        count, size = modes.size_of_lists(self.channel)
        for key, change in self.wanted.items():
            if key[0] in LISTS and modes.differs(self.channel, key[1], change):
                sign = 1 if change.adding else -1
                count, size = count + sign, size + sign * byte_length(change.parameter or "")
        size += byte_length(more)
        limits, user = self.request.settings.limits, self.request.user
        full = modes.are_full(self.channel, limits, count, size)
        if full or user.may("channels"):
            return full
        others = (c for c, ranks in user.channels.items() if ranks >= HALFOP and c is not self.channel)
        return size + sum(modes.size_of_lists(channel)[1] for channel in others) > limits.user_mask_bytes


def shown(change: ModeChange) -> str:
    """A change as it is noted: a key is a secret."""
    sign = "+" if change.adding else "-"
    subject = change.user.nick if change.user is not None else change.parameter
    return (
        f"{sign}{change.letter}"
        if subject is None or change.letter == "k"
        else f"{sign}{change.letter} {subject}"
    )


def _text(mask: str, forward: str | None) -> str:
    return mask if forward is None else f"{mask}${forward}"


_JUDGES: Final[dict[str, Callable[[ModeCommand, Change], None]]] = {
    "A": ModeCommand._mask,
    "B": ModeCommand._parameter,
    "C": ModeCommand._parameter,
    "D": ModeCommand._flag,
    "P": ModeCommand._rank,
}
_READERS: Final[dict[str, Callable[[ModeCommand, Change, str], str | None]]] = {
    "H": ModeCommand._history,
    "f": ModeCommand._forward,
    "k": ModeCommand._key,
    **dict.fromkeys("ljWE", ModeCommand._plain),
}
_SPELLINGS: Final[dict[str, str]] = {
    "l": "The limit is a number of members, 1 or more",
    "j": "The throttle is <joins>:<seconds>, each 1 to 9999",
    "W": "Slow mode is a number of seconds, 1 to 86400",
    "E": "The repeat filter is <times>:<seconds>, 1 to 20 times in 1 to 86400 seconds",
}
