"""Who may read figures, and what is answered where the extra is missing."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asking import Desk, secret, token
from club import Club, plain
from conversation import House
from states import opered
from watched import asked, body_of, done

from chatnet.api.traffic import Traffic
from chatnet.settings import Settings
from chatnet.transports.crowd import Crowd
from chatnet.web.exchange import Place, Reply
from chatnet.wiring.monitoring import Monitoring

FAR = "198.51.100.7"


def places(house: House, folder: Path) -> dict[str, Place]:
    """What is answered for a house, by path."""
    desk = Desk(house)
    programs: Any = SimpleNamespace(api=desk.api, outgoing=None, plugins=SimpleNamespace(gauges=dict))
    security: Any = SimpleNamespace(ends=lambda now: {"irc.test": 2e9})
    crowd = Crowd(lambda: house.node.settings, lambda: None, lambda: None)
    monitoring = Monitoring(house.parts, security, programs, crowd, Traffic(), folder)
    return {place.path: place for place in monitoring.places()}


def get(house: House, place: Place, address: str, bearer: str = "") -> Reply:
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    return done(house, place.answer(asked(place.path, headers=headers, address=address)))


def test_who_reads_figures(tmp_path: Path) -> None:
    house = House(
        token=[token("prometheus", "metrics"), token("bot", "read,send")],
        web={"metrics_from": ["192.0.2.0/24"]},
    )
    found = places(house, tmp_path)
    for path in ("/metrics", "/stats.xml"):
        place = found[path]
        assert place.serves == "metrics"
        assert get(house, place, "192.0.2.9").status == 200
        assert get(house, place, "127.0.0.1").status == 403
        assert get(house, place, FAR).status == 403
        assert get(house, place, FAR, secret("prometheus")).status == 200
        assert get(house, place, FAR, secret("bot")).status == 403
        assert get(house, place, FAR, "nonsense").status == 403


def test_a_token_of_an_account_reads_figures_while_its_user_is_an_operator(tmp_path: Path) -> None:
    club = Club()
    club.account("ann")
    assert club.parts.nickserv is not None
    tokens = [
        club.done(club.parts.nickserv.tokens.add(club.named("ann"), scope, scope, 0))
        for scope in ("all", "metrics", "chat", "metrics:#c")
    ]
    place = places(club, tmp_path)["/metrics"]

    def answers() -> list[int]:
        return [get(club, place, FAR, each).status for each in tokens]

    assert answers() == [403, 403, 403, 403]
    ann = club.client("ann", caps="sasl")
    plain(ann)
    assert answers() == [403, 403, 403, 403]
    opered(ann)
    assert answers() == [200, 200, 403, 403]
    ann >> "MODE ann -o"
    assert answers() == [403, 403, 403, 403]


def test_figures_of_what_is_around_the_server(tmp_path: Path) -> None:
    house = House()
    text = body_of(get(house, places(house, tmp_path)["/metrics"], "127.0.0.1"))
    assert 'chatnet_certificate_expiry_timestamp_seconds{name="irc.test"} 2e+09' in text
    assert "\nchatnet_data_free_bytes " in text
    house = House()
    text = body_of(get(house, places(house, tmp_path / "gone")["/metrics"], "127.0.0.1"))
    assert "\nchatnet_data_free_bytes " not in text


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chatnet.api.metrics", None)
    house = House()
    reply = get(house, places(house, tmp_path)["/metrics"], "127.0.0.1")
    assert reply.status == 501
    for words in ("install chatnet with [metrics]", "pip install -e '.[metrics]'"):
        assert words in body_of(reply)


def test_notices_are_kept_as_the_settings_say(tmp_path: Path) -> None:
    house = House(api={"notices": 0})
    places(house, tmp_path)
    assert not house.node.keeps_notices
    house.reload(api={"notices": 5})
    assert house.node.keeps_notices
    house.reload(api={"notices": 0})
    assert not house.node.keeps_notices


def test_a_container_can_be_asked_for_its_health() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/deploy/Containerfile").read_text(encoding="utf-8")
    given = re.search(r"^ENV CHATNET__LISTEN='(.*)'$", text, re.MULTILINE)
    assert given is not None
    listeners = Settings.model_validate({"listen": json.loads(given[1])}).listen
    web = [each for each in listeners if each.kind == "web"]
    assert [each.endpoint for each in web] == ["tcp:8080:interface=127.0.0.1"]
    assert 'HEALTHCHECK CMD ["chatnet", "health", "http://127.0.0.1:8080"]' in text
