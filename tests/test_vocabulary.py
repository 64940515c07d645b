"""Each kind of fact has the functions it owes, or is known not to need them."""

from __future__ import annotations

from conversation import House

from chatnet.model import facts
from chatnet.model.facts import Fact

CHANGES_NOTHING: set[type[Fact]] = {
    facts.BroadcastSent,
    facts.CallerBlocked,
    facts.ChannelMerged,
    facts.Killed,
    facts.Knocked,
    facts.MarkMoved,  # kept by history/marks.py
    facts.MechanismsChanged,  # what is offered is the sessions' business
    facts.MessageCopied,  # as a message
    facts.MessageRedacted,  # the text is history's, not the network's
    facts.MessageSent,
    facts.NetJoinBegan,
    facts.NetJoinEnded,
    facts.NickHeld,  # kept by rules/held_nicks.py
    facts.NumericSent,
    facts.PastErased,  # by history/erasing.py
    facts.PongSent,
    facts.ServerNotice,
    facts.WallopsSent,
}
NOT_SEEN: set[type[Fact]] = {
    facts.FilterSet,  # seen when somebody says what it means
    facts.NetworkBanned,  # its victims are sent away by their sessions
    # what is remembered of channels that nobody is in
    facts.AgesForgotten,
    facts.ChannelForgotten,
    facts.ChannelKept,
    facts.ChannelsBeaten,
    facts.EndedKept,
    facts.EndedRenamed,
    facts.NameRemembered,
    facts.AcceptsChanged,  # the command answers whoever changed their list
    facts.CapabilitiesTold,
    facts.ClaimKnown,  # it is the same person to everybody
    facts.NickDated,  # since when somebody has a nick is shown nowhere
    facts.ChannelSpelled,  # clients compare names in whatever case
    facts.CertfpChanged,  # WHOIS shows it
    facts.ChannelMerged,  # seen as the facts before it
    facts.MechanismsChanged,  # seen as what CAP offers
    facts.MemberSpoke,  # delivery makes it of what they say, and shows them first
    facts.MetadataChanged,  # seen by who subscribes, see delivery/metadata.py
    facts.ModesLocked,  # seen when somebody wants to change them
    facts.NickHeld,  # seen when somebody wants to have it
    facts.Opered,  # seen as the user modes that change with it
    facts.PastErased,  # seen as what is not there any more
    facts.PseudoUsersIntroduced,
    facts.RecordsTaken,  # what comes of it are other facts
    facts.RealHostChanged,  # WHOIS shows it
    facts.RecordsTaken,  # seen as what becomes of those who are logged in
    facts.ShieldsChanged,  # people read a NOTICE
    facts.SeatLeft,  # nobody sees where somebody's sessions are
    facts.SeatTaken,
    facts.ServerIntroduced,
    facts.SettingsChanged,
    facts.UserMoved,  # it is the same person to everybody
    facts.PersonChanged,  # nobody sees who has several sessions
    facts.UserOrphaned,  # they are shown as before
}

FACTS = {
    kind
    for kind in vars(facts).values()
    if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
}


def test_every_fact_is_applied_or_changes_nothing(house: House) -> None:
    applied = {kind for kind in FACTS if house.node.network.applier(kind) is not None}
    assert {k.__name__ for k in FACTS - applied} == {k.__name__ for k in CHANGES_NOTHING}, (
        "a fact owes Network.apply a method, or stands in CHANGES_NOTHING"
    )


def test_every_fact_is_told_or_not_seen(house: House) -> None:
    told = set(house.parts.delivery.hears)
    assert {k.__name__ for k in FACTS - told} == {k.__name__ for k in NOT_SEEN}, (
        "a fact owes a file of delivery an entry in `hears`, and a renderer, or stands in NOT_SEEN"
    )


def test_facts_are_slotted() -> None:
    assert [kind.__name__ for kind in FACTS if "__slots__" not in vars(kind)] == []
