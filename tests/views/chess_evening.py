"""The club as pictures show it: two days of talk, and an evening on which something happens."""

from __future__ import annotations

from chess_club import Clock, ClubDaemon, Member

DAY = 86_400
MINUTE = 60


def play(daemon: ClubDaemon, clock: Clock) -> dict[str, Member]:
    """Have it happen; who is still there afterwards.  The daemon has been started with that clock."""
    cast = {nick: daemon.member(nick) for nick in ("ann", "bob", "eve", "tom", "mia", "Buildbot", "zo")}
    ann, bob, eve, tom, mia, bot = (cast[nick] for nick in ("ann", "bob", "eve", "tom", "mia", "Buildbot"))
    for nick, channels in {
        "ann": "#club,#lobby,#openings,#travel",
        "bob": "#club,#lobby,#openings",
        "eve": "#club,#lobby,#travel",
        "tom": "#club,#openings",
        "mia": "#lobby",
        "Buildbot": "#website",
        "zo": "#club",
    }.items():
        cast[nick].send(f"JOIN {channels}")
        cast[nick].client.sync()
    ann.send("TOPIC #club :Tea at five · club evening on Thursday · https://chess.example.org")
    ann.send("TOPIC #openings :The Caro-Kann, this month", "MODE #club +v bob")
    ann.send("TOPIC #lobby :For everything else", "TOPIC #travel :Lausanne, 12 to 14 December")

    def at(off: float) -> None:
        clock.set(off)

    at(-2 * DAY - 40 * MINUTE)
    bob.say("#club", "Pairings for round three are out: https://chess.example.org/round/3")
    eve.say("#club", "I have black against tom again?")
    tom.say("#club", "You do. Third time lucky")
    at(-2 * DAY - 33 * MINUTE)
    ann.say("#club", "The rule is fewest games with that colour, it is not me :)")
    at(-DAY - 90 * MINUTE)
    tom.say("#club", "Who has the key for the room tonight?")
    at(-DAY - 88 * MINUTE)
    key = ann.say("#club", "Me. Doors open at half past six, kettle is on from quarter to seven.")
    bob.react("#club", key, "☕")
    eve.react("#club", key, "☕")
    tom.react("#club", key, "👍")
    at(-DAY - 85 * MINUTE)
    eve.say("#club", "bringing biscuits")
    eve.say("#club", "and the new clocks, if the post was quick")
    at(-130 * MINUTE)
    clock_id = bob.say("#club", "Has anybody seen my clock? The wooden one.")
    at(-128 * MINUTE)
    found = ann.say("#club", "On the piano, under the scores", f"+reply={clock_id};+draft/reply={clock_id}")
    bob.react("#club", found, "🎉")
    eve.react("#club", found, "🎉")
    bob.say("#club", "You are a star")
    at(-120 * MINUTE)
    mia.send("JOIN #club")
    mia.client.sync()
    cast["zo"].send("PART #club :off to the train")
    cast["zo"].client.sync()
    at(-75 * MINUTE)
    eve.say(
        "#club",
        "My notes on yesterday's game, tom against mia:\n"
        "1. e4 c6 2. d4 d5 3. e5 Bf5 4. Nf3 e6\n"
        "5. Be2 c5, and here I would have taken.\n"
        "The rook ending was a draw until move 41.",
    )
    at(-72 * MINUTE)
    tom.say("#club", "Move 41 was fine, it was move 43 that lost it. Look at the king!")
    at(-70 * MINUTE)
    wrong = tom.say("#club", "wrong channel, sorry")
    tom.send(f"REDACT #club {wrong} :wrong channel")
    tom.client.sync()
    mia.say("#club", "\x01ACTION sets up the position again\x01")
    ann.say("#openings", "Advance variation next week?")
    bot.say("#website", "Build 812 is green")
    mia.say("#lobby", "Is there parking behind the hall?")
    at(-30 * MINUTE)
    bob.say("#lobby", "Yes, through the gate on the left")
    eve.send("AWAY :on the train")
    eve.client.sync()
    at(0)
    return cast
