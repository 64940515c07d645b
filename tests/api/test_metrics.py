"""``/metrics``, as Prometheus reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from archive import Archive
from conversation import House
from mesh import Mesh
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from watched import body_of, fetch, figures_of, header

from chatnet.api.families import FAMILIES
from chatnet.api.figures import Outside
from chatnet.api.metrics import PREFIX, Metrics
from chatnet.web.exchange import Ask

ROOT = Path(__file__).resolve().parent.parent.parent
OUTSIDE = Outside(
    lambda: 10**9, lambda: {"irc.test": 2e9}, lambda: {True: 3}, versions=lambda: ("3.11", "26.10")
)


async def everybody(ask: Ask) -> bool:
    return True


async def nobody(ask: Ask) -> bool:
    return False


def metrics_of(house: House) -> Metrics:
    return Metrics(figures_of(house, OUTSIDE), everybody)


def lively() -> House:
    """A house of which there is something to tell in each family."""
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    house = mesh["a"]
    ann = house.client("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :hi"
    house.node.counts.refused["full"] += 1
    house.node.counts.resumed["b.test"] += 1
    house.node.counts.logins["PLAIN", True] += 1
    return house


def test_it_is_what_was_counted() -> None:
    house = lively()
    reply = fetch(house, metrics_of(house).answer, "/metrics")
    assert reply.status == 200
    assert (header(reply, "content-type") or "").startswith("text/plain; version=0.0.4")
    assert header(reply, "cache-control") == "no-store"
    lines = body_of(reply).splitlines()
    for line in (
        'chatnet_users{scope="local"} 1.0',
        'chatnet_messages_total{origin="local",target="channel"} 1.0',
        f'chatnet_commands_total{{command="JOIN"}} {float(house.parts.sessions.rows["JOIN"].count)}',
        'chatnet_link_up{peer="b.test"} 1.0',
        'chatnet_certificate_expiry_timestamp_seconds{name="irc.test"} 2e+09',
        'chatnet_connections{kind="http",tls="true"} 3.0',
        "chatnet_data_free_bytes 1e+09",
    ):
        found = {_sorted(each) for each in lines}
        assert _sorted(line) in found, line


def _sorted(line: str) -> str:
    """A sample whose labels stand in order."""
    found = re.fullmatch(r"([^{]*)\{([^}]*)\}(.*)", line)
    return line if found is None else f"{found[1]}{{{','.join(sorted(found[2].split(',')))}}}{found[3]}"


def test_every_family_of_the_table_is_told_with_its_type_and_its_labels() -> None:
    house = lively()
    told = {
        each.name: each for each in read_text(body_of(fetch(house, metrics_of(house).answer, "/metrics")))
    }
    for family in FAMILIES.values():
        name = PREFIX + family.name.removesuffix("_total")
        assert told[name].type == family.kind, family.name
        assert told[name].documentation == family.help
        for sample in told[name].samples:
            assert set(sample.labels) - {"le"} == set(family.labels), sample
    assert "process_cpu_seconds" in told
    assert "python_gc_collections" in told


def test_a_scrape_in_a_loop_while_a_hundred_talk() -> None:
    house = House()
    people = [house.client(f"n{number}", address=f"192.0.2.{number}") for number in range(100)]
    for each in people:
        each >> "JOIN #c"
    metrics, before = metrics_of(house), dict[str, float]()
    for turn in range(20):
        for each in people[turn * 5 : turn * 5 + 5]:
            each >> "PRIVMSG #c :hi" >> f"PRIVMSG n{turn} :you"
        text = body_of(fetch(house, metrics.answer, "/metrics"))
        told = [sample for each in read_text(text) if each.type == "counter" for sample in each.samples]
        counts = {f"{each.name}{sorted(each.labels.items())}": each.value for each in told}
        counts = {name: value for name, value in counts.items() if name.startswith(PREFIX)}
        assert before.keys() <= counts.keys()
        assert all(counts[name] >= value for name, value in before.items())
        before = counts
    assert before["chatnet_messages_total[('origin', 'local'), ('target', 'channel')]"] == 100
    assert before["chatnet_messages_total[('origin', 'local'), ('target', 'user')]"] == 100
    house.check()


def test_openmetrics_if_that_is_asked_for() -> None:
    house = lively()
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2"
    reply = fetch(house, metrics_of(house).answer, "/metrics", accept=accept)
    assert (header(reply, "content-type") or "").startswith("application/openmetrics-text")
    assert {each.name for each in read_openmetrics(body_of(reply))} >= {"chatnet_users", "chatnet_messages"}


def test_nobody_else_reads_it() -> None:
    house = House()
    reply = fetch(house, Metrics(figures_of(house), nobody).answer, "/metrics")
    assert reply.status == 403
    assert "metrics_from" in body_of(reply)
    assert "chatnet_" not in body_of(reply)


def test_no_nick_channel_or_address_is_told() -> None:
    archive = Archive()
    ann = archive.member("ann", address="198.51.100.7")
    ann >> "JOIN #secret" >> "PRIVMSG #secret :whisper"
    text = body_of(fetch(archive, metrics_of(archive).answer, "/metrics"))
    values = [
        value for each in read_text(text) for sample in each.samples for value in sample.labels.values()
    ]
    assert values
    assert not [value for value in values if re.search(r"\bann\b|secret|198\.51|whisper", value)]


def test_what_plugins_tell() -> None:
    house = House()
    figures = figures_of(house, Outside(gauges=lambda: {"parrots": 2.0, "no name": 3.0}))
    text = body_of(fetch(house, Metrics(figures, everybody).answer, "/metrics"))
    assert "chatnet_plugin_parrots 2.0" in text
    assert "no name" not in text


def test_what_hooks_and_programs_tell() -> None:
    house = House()
    outside = Outside(streams=lambda: 2, clients=lambda: 3, delivered=lambda: {"told": 4}, queued=lambda: 7)
    text = body_of(fetch(house, Metrics(figures_of(house, outside), everybody).answer, "/metrics"))
    for line in (
        "chatnet_event_streams 2.0",
        "chatnet_api_clients 3.0",
        'chatnet_hook_deliveries_total{result="told"} 4.0',
        "chatnet_hook_queue_events 7.0",
    ):
        assert line in text, line


def _promtool(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    return subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=False)


@pytest.mark.client
def test_promtool_has_nothing_to_say_of_it() -> None:
    house = lively()
    text = body_of(fetch(house, metrics_of(house).answer, "/metrics"))
    found = _promtool("check", "metrics", text=text)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.client
def test_promtool_takes_the_rules_and_they_ask_for_what_there_is() -> None:
    rules = ROOT / "docs/deploy/chatnet-rules.yml"
    found = _promtool("check", "rules", str(rules))
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("name", ["chatnet-rules.yml", "grafana.json"])
def test_what_is_asked_of_prometheus_is_told_here(name: str) -> None:
    text = (ROOT / "docs/deploy" / name).read_text(encoding="utf-8")
    asked = set(re.findall(r"\bchatnet_([a-z0-9_]+?)(?:_bucket)?\b", text))
    assert len(asked) > 5
    assert asked <= set(FAMILIES), asked - set(FAMILIES)
