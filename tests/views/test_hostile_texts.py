"""What others write is text, wherever it is shown: no script of theirs runs, and nothing of it is markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chess_club import ClubDaemon
from playwright.sync_api import expect
from visitor import Visitor

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]

PAYLOADS = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg/onload=window.hit=1>",
    '"><iframe srcdoc="<script>parent.hit=1</script>">',
    "<a href=javascript:window.hit=1>here</a>",
    "javascript:window.hit=1//",
    "JaVaScRiPt:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    'https://example.org/"onmouseover="window.hit=1',
    "https://example.org/'><img src=x onerror=window.hit=1>",
    "{{constructor.constructor('window.hit=1')()}}",
    "${window.hit=1}",
    "<style>*{display:none}</style>",
    "<math><mtext></table><mglyph><style><img src=x onerror=window.hit=1>",
    "<template><script>window.hit=1</script></template>",
    "</title><script>window.hit=1</script>",
    "<!--<img src=--><img src=x onerror=window.hit=1>",
    "\u202e<script>window.hit=1</script>\u202c",
    "\x02<b onclick=window.hit=1>\x0304,05bold\x0f",
    "<chat-bar></chat-bar><dialog open>",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
    "constructor __proto__ toString",
)


def test_no_text_of_others_becomes_script_or_markup(club: ClubDaemon, visit: Visit) -> None:
    names = ["#<img/src=x/onerror=hit=1>", '#"><svg/onload=hit=1>', "#__proto__"]
    ann = club.member("ann", "#hostile", *names)
    mallory = club.member("__proto__", "#hostile")
    mallory.send("SETNAME :<img src=x onerror=window.hit=1>", "AWAY :<img src=x onerror=window.hit=1>")
    kim = visit().enter("kim", "#hostile")
    ids = [ann.say("#hostile", payload) for payload in PAYLOADS]
    for payload in PAYLOADS:
        ann.send(
            f"TOPIC #hostile :{payload}",
            f"NOTICE #hostile :{payload}",
            f"PRIVMSG #hostile :\x01ACTION {payload}\x01",
        )
        mallory.send(f"PART #hostile :{payload}", "JOIN #hostile")
    for to, payload in zip(ids, PAYLOADS, strict=True):
        value = payload.replace("\\", "\\\\").replace(";", "\\:").replace(" ", "\\s")
        ann.send(f"@+draft/react={value};+draft/reply={to} TAGMSG #hostile")
    ann.send(
        f"REDACT #hostile {ids[1]} :{PAYLOADS[1]}",
        f"PRIVMSG kim :{PAYLOADS[0]}",
        f"KICK #hostile __proto__ :{PAYLOADS[2]}",
    )
    ann.say("#hostile", "that was all", f"+reply={ids[0]}")
    kim.row("that was all")
    shown = kim.page.locator("li.row.message:not(.gone) .text")
    texts = "\n".join(shown.all_inner_texts())
    for payload in PAYLOADS[2:]:
        plain = "".join(sign for sign in payload if sign >= " ").replace("04,05", "")
        assert plain in texts
    for name in names:
        kim.say(f"/join {name}")
        kim.heading(name)
    kim.page.get_by_role("button", name="Join a channel").click()
    kim.page.locator(".hit").first.wait_for()
    kim.page.keyboard.press("Escape")
    kim.page.locator("[data-key='#hostile']").click()
    kim.heading("#hostile")
    kim.page.locator(".topic").click()
    kim.page.locator("dialog h2").wait_for()
    kim.page.keyboard.press("Escape")
    kim.say("/whois __proto__")
    kim.page.locator("dialog dd").first.wait_for()
    kim.page.keyboard.press("Escape")
    kim.page.get_by_role("button", name="Search", exact=True).click()
    kim.page.get_by_role("searchbox").fill("window")
    kim.page.keyboard.press("Enter")
    kim.page.locator(".hit").first.wait_for()
    kim.page.keyboard.press("Escape")
    assert kim.page.evaluate("window.hit") is None
    made = kim.page.locator(
        "#chat script, iframe, style, #chat img, math, template:not(#later), [onclick], [onerror]"
    )
    assert made.count() == 0
    links = kim.page.locator("chat-timeline li a").evaluate_all("(all) => all.map((each) => each.protocol)")
    assert set(links) <= {"https:"}
    expect(kim.page.locator("dialog")).to_have_count(0)
