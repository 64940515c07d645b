"""Lines of what somebody said, made from what all of theirs have in common: the same as of each by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.entities import Channel, User
from chatnet.model.facts import MessageSent
from chatnet.model.ids import SID, AccountName, Folded
from chatnet.model.server import Server
from chatnet.session import batches, render
from chatnet.wire import capabilities as cap

CHANNEL = Channel("#café", Folded("#café"), 1)
SERVER = Server(SID("0AA"), "irc.test", "")
KEYS = st.sets(
    st.sampled_from([cap.SERVER_TIME, cap.MESSAGE_TAGS, cap.ACCOUNT_TAG, cap.OPER_TAG, cap.BATCH])
).map(sum)
TEXTS = st.one_of(st.text(), st.text("aé☕\udce9", min_size=100, max_size=400))


@given(
    KEYS,
    KEYS,
    st.sampled_from(["ann!~ann@host", "zoë!z@h", "irc.test"]),
    st.sampled_from([None, "ann", "a;b"]),
    st.sampled_from(["PRIVMSG", "NOTICE"]),
    st.floats(0, 2e9),
    st.lists(TEXTS, min_size=1, max_size=3),
)
def test_a_line_is_the_same(
    key: int, tagged: int, source: str, account: str | None, command: str, at: float, texts: list[str]
) -> None:
    by = User(SERVER, "", "")
    by.source, by.account, by.tagged = (
        render.encode(source),
        None if account is None else AccountName(account),
        tagged,
    )
    voice = render.Voice(by.source, by.account, tagged, command, CHANNEL.source, key)
    for text in texts:
        fact = MessageSent(command, by, CHANNEL, text, at, "1abc")
        assert voice.says(text, at, "1abc") == render.message(fact, key)


@given(
    st.sampled_from([b"", b"@time=x ", b"@batch=5 ", b"@a=b;batch=5;c "]),
    st.sampled_from([b"tea", b"batch=4"]),
)
def test_a_line_is_in_a_batch_once(tags: bytes, text: bytes) -> None:
    line = b"%b:ann PRIVMSG #c :%b\r\n" % (tags, text)
    found = batches.inside(line, b"7")
    assert found == line if b"batch=" in tags else batches.tagged(line, b"batch=7")
