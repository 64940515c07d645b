"""TEMPLATE: sets of flags with a name, of one channel."""

from __future__ import annotations

from chatnet.commands.chanserv.access import changed, templates
from chatnet.commands.chanserv.asking import may, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.model.registered import RegisteredChannel
from chatnet.records import channels
from chatnet.records.channels import Access
from chatnet.records.grammar import field
from chatnet.rules.access import in_order, letters_of, may_change, template, templates_of
from chatnet.services.accounts import Value
from chatnet.settings.channels import TEMPLATE_NAME
from chatnet.wire.text import printable


@CHANSERV.command("TEMPLATE", min_params=1, penalty=2.0)
async def template_(errand: Errand) -> None:
    """`TEMPLATE <#channel> [<name> [[!]<flags>]]`: sets of flags with a name; make one for the channel.

    TEMPLATE #c crew +AVt makes one, which FLAGS #c ann crew gives; TEMPLATE #c crew -* takes it away. Who has
    it keeps the flags they were given, but with ! before the flags those change as well. A name that there is
    for all channels, such as AOP, means the channel's own in it; but FOUNDER is all flags everywhere. It is
    made and changed by who has all its flags.
    """
    errand.at_most(3)
    registration = registered(errand)
    if len(errand.params) < 3:
        await may(errand, registration, "A")
        _show(errand, registration)
        return
    name, text = errand.params[1], errand.params[2]
    if TEMPLATE_NAME.fullmatch(name) is None or name.upper() == "FOUNDER":
        errand.end(f"{printable(name)} is no name for one: letters, digits, - and _, at most 20.")
    before = template(templates(errand, registration), name) or frozenset()
    after = changed(errand, registration, before, text.removeprefix("!"))
    if "F" in after:
        errand.end("F is the founder's alone: SET FOUNDER gives the channel away.")
    mine = await may(errand, registration, "f", f"{name} {text}")
    key = next((each for each in registration.templates if each.upper() == name.upper()), name)
    own = key in registration.templates
    if not after and not own:
        errand.end(f"{registration.name} has no template {name} of its own.")
    # Others give what it says by its name alone, among them who may give more than the asker.
    wide = template(templates_of(errand.settings.channels.templates), name) or frozenset()
    if not may_change(mine, before, after or wide):
        errand.end(f"You cannot give or take flags in {registration.name} that you do not have.")
    most = errand.settings.channels.own_templates
    if after and not own and len(registration.templates) >= most:
        errand.end(f"{registration.name} has its {most} templates. Take one away first.")
    given: dict[str, Value] = {field(channels.TEMPLATE, key): in_order(after) or None}
    entries = _entries(errand, registration, before, after) if text.startswith("!") and before else {}
    await errand.chanserv.change(registration, given | entries)
    told = f"{name} is +{in_order(after)}" if after else f"{name} is no template"
    also = f" {len(entries)} had it, and changed." if entries else ""
    errand.say(f"{told} of {registration.name} now.{also}")


def _show(errand: Errand, registration: RegisteredChannel) -> None:
    wanted = errand.param(1).upper()
    found = {
        name: letters
        for name, letters in templates(errand, registration).items()
        if not wanted or name.upper() == wanted
    }
    for name, letters in found.items():
        own = " (of this channel)" if name in registration.templates else ""
        errand.say(f"  {name} +{in_order(letters)}{own}")
    if not found:
        errand.say(f"There is no template {printable(errand.params[1])} in {registration.name}.")


def _entries(
    errand: Errand,
    registration: RegisteredChannel,
    before: frozenset[str],
    after: frozenset[str],
) -> dict[str, Value]:
    """What becomes of those who have exactly the flags of before."""
    having = [key for key, each in registration.access.items() if letters_of(each.letters) == before]
    by = "*" if errand.user.account is None else errand.user.account
    value = Access(in_order(after), int(errand.now), by).text if after else None
    return {field(channels.FLAGS, key): value for key in having}
