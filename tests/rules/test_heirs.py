"""Whose user holds, and who is the heir of whom nobody claims."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.ids import SID, UID
from chatnet.rules.heirs import Claim, heir, may_take_over, user_of
from chatnet.rules.stamps import Stamp

SIDS = [SID("0AA"), SID("0BA"), SID("0CA"), SID("0DA")]


def claim(ms: int, number: int, sid: str) -> Claim:
    return Claim(Stamp(ms, number, sid), SID(sid), UID(f"{sid}AAAAAA"))


def test_the_oldest_claim_holds_and_of_two_of_a_moment_the_lower_sid() -> None:
    older, younger = claim(1000, 0, "0BA"), claim(1000, 1, "0AA")
    assert user_of([younger, older]) == older
    assert user_of([claim(1000, 0, "0BA"), claim(1000, 0, "0AA")]) == claim(1000, 0, "0AA")
    assert user_of([]) is None


def test_a_claim_of_an_hour_ago_or_ahead_is_taken_as_it_is() -> None:
    """A clock may be wrong: as long as all see the same stamp, all come to the same."""
    past, future = claim(5, 0, "0CA"), claim(10**13, 0, "0AA")
    assert user_of([future, past]) == past
    assert user_of([future]) == future


@given(st.sets(st.sampled_from(SIDS), min_size=1), st.randoms(use_true_random=False))
def test_all_name_the_same_heir_in_whatever_order_they_know_servers(sids: set[SID], chance: object) -> None:
    shuffled = sorted(sids)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert heir("akey", shuffled, SIDS) == heir("akey", sorted(sids), ()) in sids


def test_who_has_sessions_comes_before_who_merely_could() -> None:
    assert heir("akey", [SIDS[2]], SIDS) == SIDS[2]
    assert heir("akey", [], [SIDS[1]]) == SIDS[1]
    assert heir("akey", [], []) is None


def test_the_heir_of_a_person_does_not_change_with_versions() -> None:
    """Servers of two versions name the same one."""
    named = [heir(person, SIDS, ()) for person in ("akey", "abcdefghijklmnopqrst2", "name:ann")]
    assert named == ["0BA", "0DA", "0DA"]


def test_the_people_of_a_lost_server_are_spread_over_all() -> None:
    heirs = {heir(f"account{number}", SIDS, ()) for number in range(100)}
    assert heirs == set(SIDS)


def test_who_may_take_over() -> None:
    assert may_take_over(1, stays=False, hosts=False)
    assert may_take_over(0, stays=True, hosts=True)
    assert not may_take_over(0, stays=True, hosts=False)
    assert not may_take_over(0, stays=False, hosts=True)
