"""What is known of invites comes to the same in whatever order records come, and is forgotten."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from chatnet.model.invites import KEPT, Invites
from chatnet.model.recorded import SLICE
from chatnet.storage.record import Record

HASHES = ["0a" * 32, "0b" * 32]
STAMP = "0m5x1k2ab.000000.0AA"
ANN = "a" * 21


def link(letter: str) -> str:
    return "i" + letter * 20


def made(letter: str, channels: str = "#c", secret: str = HASHES[0], until: int = 1000) -> Record:
    return Record(link(letter), "invite", STAMP, f"1 {until} 50 0 1 - {ANN} {secret} {channels} :x")


fields = st.one_of(
    st.builds(
        made,
        st.sampled_from("ab"),
        st.sampled_from(["#c", "#c,#d", "cabcdefghijklmnopqrst"]),
        st.sampled_from(HASHES),
        st.integers(1, 3),
    ),
    st.builds(
        Record,
        st.sampled_from([link("a"), link("b")]),
        st.sampled_from([f"used:{ANN}", "used:gabc", "closed", "invite", "used", "later:x", "status"]),
        st.just(STAMP),
        st.sampled_from([None, "", "1 2", "1 2 bob :", "later", "erased"]),
    ),
)


def seen(invites: Invites) -> object:
    """All that can be asked."""
    return (
        {
            (each.id, each.said, each.closed, frozenset(each.used))
            for each in invites.by_id.values()
            if each.said or each.closed or each.used
        },
        [[each.id for each in invites.into([word])] for word in ("#c", "#d", "cabcdefghijklmnopqrst")],
        [None if (found := invites.secret(each)) is None else found.id for each in HASHES],
    )


@given(st.lists(fields, max_size=30))
@example([made("a"), made("b"), made("a", secret=HASHES[1])])
def test_only_the_last_word_of_each_field_counts(records: list[Record]) -> None:
    """What is indexed is what is there, whatever was said before."""
    invites, plain = Invites(), Invites()
    last: dict[tuple[str, str], Record] = {}
    gone = set[str]()
    for record in records:
        if record.entity in gone:
            continue  # nothing of it is taken any more
        invites.take(record)
        last[record[:2]] = record
        if (record.field, record.value) == ("status", "erased"):
            gone.add(record.entity)
    for record in last.values():
        if record.entity not in gone and _makes_sense(record):
            plain.take(record)
    for record in records:
        if record.entity not in gone and not _makes_sense(record):
            return  # what made no sense leaves what was said before
    assert seen(invites) == seen(plain)


def _makes_sense(record: Record) -> bool:
    name = record.field.partition(":")[0]
    if record.value is None:
        return True
    return {
        "invite": record.value.count(" ") > 3,
        "used": record.value == "1 2" and ":" in record.field,
        "closed": record.value == "1 2 bob :",
    }.get(name, False)


def test_what_makes_no_sense_means_nothing() -> None:
    invites = Invites()
    for field, value in (
        ("invite", "later"),
        ("closed", "x"),
        ("used:x", "1"),
        ("used", "1 2"),
        ("later", "x"),
    ):
        invites.take(Record(link("a"), field, STAMP, value))
    (found,) = invites.by_id.values()
    assert (found.said, found.closed, found.used) == (None, None, {}) and repr(
        found
    ) == f"<Invite {link('a')}>"


def test_of_two_with_one_secret_all_servers_take_the_same() -> None:
    for order in ("ab", "ba"):
        invites = Invites()
        for letter in order:
            invites.take(made(letter))
        found = invites.secret(HASHES[0])
        assert found is not None and found.id == link("a")


def test_what_is_over_is_forgotten_in_slices() -> None:
    invites = Invites()
    for number in range(2 * SLICE):
        entity = "i" + "".join("abcdefghij"[int(digit)] for digit in f"{number:020}")
        invites.take(made("a", secret=f"{number:064x}")._replace(entity=entity))
    for record in (made("x", until=5000), Record(link("y"), "used:gabc", STAMP, "1 1000")):
        invites.take(record)
    assert sum(1 for _ in invites.tidy(1000 + KEPT)) == 2 and len(invites.by_id) == 2 * SLICE + 2
    assert sum(1 for _ in invites.tidy(1001 + KEPT)) == 2
    assert [each.id for each in invites.into(["#c"])] == list(invites.by_id) == [link("x")]
    invites.take(Record(link("x"), "closed", STAMP, "1 5000 ann :"))
    assert list(invites.tidy(2 + KEPT)) == [] and not invites.by_id
