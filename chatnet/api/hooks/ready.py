"""What GitHub, GitLab, Alertmanager and Grafana post, in a line or few; and what there is nothing to say of.

https://docs.github.com/en/webhooks/webhook-events-and-payloads,
https://docs.gitlab.com/user/project/integrations/webhook_events/,
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config,
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chatnet.api.hooks.templates import at, shown

COMMITS: Final = 5
"""Commits of a push that are told."""
ALERTS: Final = 10
"""Alerts of one notification that are told."""

Reader = Callable[[object, Mapping[str, str]], str]
"""Takes the JSON and the headers (by names in lower case); empty: there is nothing to say."""


def github(data: object, headers: Mapping[str, str]) -> str:
    """Pushes, pull requests, issues, comments, releases, and workflows that ended."""
    event = headers.get("x-github-event", "")
    get = _Getter(data)
    where, who = get("repository.full_name") or get("organization.login"), get("sender.login")
    action = get("action")
    if event == "ping":
        return f"[{where}] This webhook works: {get('zen')}" if where else f"This webhook works: {get('zen')}"
    if event == "push":
        return _github_push(get, data, where)
    if event == "pull_request":
        if action == "closed" and at(data, "pull_request.merged") is True:
            action = "merged"
        if action not in ("opened", "closed", "merged", "reopened", "ready_for_review"):
            return ""
        return (
            f"[{where}] {who} {action.replace('_', ' ')} pull request #{get('pull_request.number')}: "
            f"{get('pull_request.title')} {get('pull_request.html_url')}"
        )
    if event == "issues":
        if action not in ("opened", "closed", "reopened"):
            return ""
        number, title, url = get("issue.number"), get("issue.title"), get("issue.html_url")
        return f"[{where}] {who} {action} issue #{number}: {title} {url}"
    if event in ("issue_comment", "commit_comment", "pull_request_review_comment", "discussion_comment"):
        if action != "created":
            return ""
        number = get("issue.number") or get("pull_request.number") or get("discussion.number")
        of = f" on #{number}" if number else ""
        return f"[{where}] {who} commented{of}: {_first(get('comment.body'))} {get('comment.html_url')}"
    if event == "pull_request_review":
        if action != "submitted":
            return ""
        state = get("review.state").replace("_", " ")
        return f"[{where}] {who} reviewed #{get('pull_request.number')} ({state}) {get('review.html_url')}"
    if event == "release":
        if action != "published":
            return ""
        name = get("release.name") or get("release.tag_name")
        return f"[{where}] {who} published {name} {get('release.html_url')}"
    if event == "workflow_run":
        if action != "completed":
            return ""
        branch, result = get("workflow_run.head_branch"), get("workflow_run.conclusion").replace("_", " ")
        return f"[{where}] {get('workflow_run.name')} on {branch}: {result} {get('workflow_run.html_url')}"
    if event in ("create", "delete"):
        kind, ref = get("ref_type"), get("ref")
        return f"[{where}] {who} {event}d the {kind} {ref}" if kind and ref else ""
    if event == "star" and action == "created":
        return f"[{where}] {who} starred it"
    if event == "fork":
        return f"[{where}] {who} forked it {get('forkee.html_url')}"
    return ""


def _github_push(get: _Getter, data: object, where: str) -> str:
    ref, who = get("ref"), get("pusher.name") or get("sender.login")
    branch = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if at(data, "deleted") is True or (at(data, "created") is True and ref.startswith("refs/tags/")):
        return ""  # the events delete and create tell that
    commits = _list(at(data, "commits"))
    if not commits:
        return ""
    forced = "force-" if at(data, "forced") is True else ""
    head = f"[{where}] {who} {forced}pushed {_count(len(commits), 'commit')} to {branch} {get('compare')}"
    return "\n".join([head, *_commits(commits)])


def gitlab(data: object, headers: Mapping[str, str]) -> str:
    """Pushes, tags, merge requests, issues, notes, releases, and pipelines that ended."""
    get = _Getter(data)
    kind, where = get("object_kind"), get("project.path_with_namespace")
    who = get("user_name") or get("user.name") or get("user.username")
    action, url = get("object_attributes.action"), get("object_attributes.url")
    if kind == "push":
        commits, branch = _list(at(data, "commits")), get("ref").removeprefix("refs/heads/")
        if not commits:
            return ""
        count = get("total_commits_count")
        total = int(count) if count.isdecimal() and len(count) < 10 else len(commits)
        head = f"[{where}] {who} pushed {_count(total, 'commit')} to {branch} {get('project.web_url')}"
        return "\n".join([head, *_commits(commits)])
    if kind == "tag_push":
        gone = not get("after").strip("0")
        tag = get("ref").removeprefix("refs/tags/")
        return f"[{where}] {who} {'deleted' if gone else 'pushed'} the tag {tag}"
    if kind in ("merge_request", "issue", "work_item"):
        past = {"open": "opened", "close": "closed", "reopen": "reopened", "merge": "merged"}
        past |= {"approved": "approved"}
        if action not in past:
            return ""
        what, sign = ("merge request", "!") if kind == "merge_request" else ("issue", "#")
        number, title = get("object_attributes.iid"), get("object_attributes.title")
        return f"[{where}] {who} {past[action]} {what} {sign}{number}: {title} {url}"
    if kind == "note":
        return f"[{where}] {who} commented: {_first(get('object_attributes.note'))} {url}"
    if kind == "pipeline":
        status = get("object_attributes.status")
        if status not in ("success", "failed", "canceled"):
            return ""
        number, branch = get("object_attributes.id"), get("object_attributes.ref")
        return f"[{where}] Pipeline {number} on {branch}: {status} {url}"
    if kind == "release" and get("action") == "create":
        return f"[{where}] Release {get('name') or get('tag')} {get('url')}"
    return ""


def alertmanager(data: object, headers: Mapping[str, str]) -> str:
    """Alerts of Prometheus: which ones began, and which are over."""
    return "\n".join(_alerts(data)) or "Alertmanager says nothing of any alert"


def grafana(data: object, headers: Mapping[str, str]) -> str:
    """Alerts of Grafana; those of before version 9, too."""
    get = _Getter(data)
    if lines := list(_alerts(data)):
        return "\n".join(lines)
    title, text = get("title") or get("ruleName"), get("message")
    url = get("ruleUrl") or get("externalURL")
    return "\n".join(filter(None, [" ".join(filter(None, [title, url])), text]))


def _alerts(data: object) -> Iterator[str]:
    alerts = [each for each in _list(at(data, "alerts")) if isinstance(each, Mapping)]
    for each in alerts[:ALERTS]:
        get = _Getter(each)
        state = get("status").upper() or "FIRING"
        labels = get("labels.alertname"), get("labels.instance") or get("labels.job")
        text = get("annotations.summary") or get("annotations.description") or get("annotations.message")
        name = f"{labels[0]} ({labels[1]})" if labels[1] else labels[0]
        severity = f" {get('labels.severity')}" if get("labels.severity") else ""
        url = get("panelURL") or get("dashboardURL") or get("generatorURL")
        yield f"[{state}{severity}] {name}{f': {_first(text)}' if text else ''}{f' {url}' if url else ''}"
    if len(alerts) > ALERTS:
        yield f"… and {_count(len(alerts) - ALERTS, 'more alert')}"


class _Getter:
    """What a dotted name leads to, as text in one line or several."""

    def __init__(self, data: object) -> None:
        self._data = data

    def __call__(self, path: str) -> str:
        return shown(at(self._data, path)).strip()


def _commits(commits: list[object]) -> Iterator[str]:
    for each in commits[-COMMITS:]:
        get = _Getter(each)
        yield f"  {get('id')[:8]} {_first(get('message'))} ({get('author.name')})"
    if len(commits) > COMMITS:
        yield f"  … and {_count(len(commits) - COMMITS, 'more commit')} before"


def _first(text: str) -> str:
    """The first line of a text, shortened."""
    line = text.strip().partition("\n")[0].strip()
    return f"{line[:199]}…" if len(line) > 200 else line


def _list(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


READY: Final[Mapping[str, Reader]] = {
    "github": github,
    "gitlab": gitlab,
    "alertmanager": alertmanager,
    "grafana": grafana,
}
