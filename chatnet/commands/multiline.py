"""BATCH from clients: messages of several lines.  https://ircv3.net/specs/extensions/multiline"""

from __future__ import annotations

from functools import partial

from chatnet.commands.request import CLIENT, Request
from chatnet.commands.saying import client_tags_of, send
from chatnet.session import answers
from chatnet.session.multiline import INVALID, REFERENCE, Multiline
from chatnet.session.render import LINE
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.multiline import TYPE, combine, fitted, is_blank
from chatnet.wire.names import is_reference_tag
from chatnet.wire.text import byte_length


@CLIENT.command("BATCH", min_params=1, penalty=0.5)
def batch(request: Request) -> None:
    """`BATCH +<ref> draft/multiline <target>`, `BATCH -<ref>`: around some lines (needs `draft/multiline`).

    Between both, which say one reference, stand the lines, each a PRIVMSG (or each a NOTICE) to that target
    with the tag ``batch``.
    https://ircv3.net/specs/extensions/client-batch
    The message is sent at the end, and refused as a PRIVMSG; what is wrong with the batch itself FAIL tells.
    421 for who has not got the capability draft/multiline.
    """
    session = request.session
    if not session.caps & cap.MULTILINE and session.multiline is None:
        return request.reply(numerics.ERR_UNKNOWNCOMMAND, "BATCH")
    sign, reference = request.params[0][:1], request.params[0][1:]
    if sign == "+":
        return _open(request, reference)
    return _close(request, reference if sign == "-" else "")


def _open(request: Request, reference: str) -> None:
    """“Clients MUST NOT send nested batches”, nor a second one before the first is closed: both fail then."""
    session = request.session
    mistake = _mistake_in(request, reference)
    if session.multiline is not None and not session.multiline.failed:
        mistake = "Another batch is open"
        session.multiline.fail(INVALID, mistake)
    if not is_reference_tag(reference, REFERENCE):
        return session.fail("BATCH", INVALID, "Not a reference tag")
    target = request.param(2)
    session.multiline = multiline = Multiline(
        request.sessions.node,
        partial(answers.fail, session),
        reference,
        target,
        client_tags_of(request),
        None,
    )
    if mistake:
        return multiline.fail(INVALID, mistake)
    # The command has its answer when the batch is closed.
    multiline.labelled, session.labelled = session.labelled, None
    return None


def _mistake_in(request: Request, reference: str) -> str:
    """What is wrong with the opening of a batch; an empty text if nothing is."""
    params = request.params
    if not request.session.caps & cap.BATCH:
        return "The capability batch is needed as well"
    if "batch" in request.tags:
        return "Batches cannot be nested"
    if len(params) < 2 or params[1] != TYPE:
        return "Unknown type of batch"
    if len(params) != 3 or not params[2] or params[2][0] in ":$" or not {" ", ","}.isdisjoint(params[2]):
        return "A multiline batch has one target"
    return ""


def _close(request: Request, reference: str) -> None:
    session, multiline = request.session, request.session.multiline
    if multiline is None:
        return session.fail("BATCH", INVALID, "There is no such batch")
    if multiline.reference != reference or "batch" in request.tags:
        if multiline.failed:
            return session.fail("BATCH", INVALID, "There is no such batch")
        return multiline.fail(INVALID, "Invalid end of a multiline batch")
    session.multiline = None
    if multiline.failed:
        return None
    if is_blank(multiline.parts):
        return multiline.fail(INVALID, "Invalid multiline batch with blank lines only")
    session.spoke = session.heard
    with answers.answering(session, multiline.labelled):
        _send(request, multiline)
    return None


def _send(request: Request, multiline: Multiline) -> None:
    command, target, tags = multiline.command, multiline.target, multiline.tags
    room = LINE - byte_length(f": {command} {target} :") - len(request.user.source)
    # Cut before it is judged, for each of the parts is a message to those who know lines only.
    parts = tuple(fitted(multiline.parts, room))
    if tags:
        # These are relayed with each line: it costs as much as if they had come with each.
        now = request.sessions.monotonic()
        request.session.penalize(0.0, len(tags) * (len(parts) - 1), now)
    refusal = send(request, command, target, combine(parts), tags, parts)
    if refusal is not None and command == "PRIVMSG":
        request.refuse(refusal)
