"""Calls of the API as the page makes them, and what it makes of refusals."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.client

CALL = """async ([method, args, token, answer]) => {
    const {Api} = await import("/app/api.js");
    const asked = [];
    const api = new Api("/api/v1/", token, async (url, options) => {
        asked.push({url, ...options});
        if (answer === null) {
            throw new TypeError("no network");
        }
        const {status, body, headers} = answer;
        return new Response(body, {status, headers});
    });
    try {
        return {asked, found: await api[method](...args)};
    } catch (error) {
        return {asked, problem: {...error, name: error.name, message: error.message}};
    }
}"""


def call(page: Page, method: str, *args: Any, token: str = "cn-x", answer: Any = 0) -> Any:
    answer = {"status": 200, "body": '{"ok": 1}'} if answer == 0 else answer
    return page.evaluate(CALL, [method, list(args), token, answer])


def test_what_is_asked(page: Page) -> None:
    done = call(page, "post", "/tokens", {"label": "Firefox"})
    [asked] = done["asked"]
    assert done["found"] == {"ok": 1}
    assert (asked["url"], asked["method"], asked["body"]) == ("/api/v1/tokens", "POST", '{"label":"Firefox"}')
    assert asked["headers"]["Authorization"] == "Bearer cn-x"
    assert asked["headers"]["Content-Type"] == "application/json"
    assert (asked["credentials"], asked["redirect"]) == ("omit", "error")


def test_a_password_instead_of_the_token(page: Page) -> None:
    basic = {"basic": {"name": "ann", "password": "schön ☕"}, "once": "k1"}
    [asked] = call(page, "post", "/tokens", {}, basic)["asked"]
    scheme, _, words = asked["headers"]["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(words).decode()) == ("Basic", "ann:schön ☕")
    assert asked["headers"]["Idempotency-Key"] == "k1"


@pytest.mark.parametrize("method", ["get", "del"])
def test_nothing_is_sent_where_nothing_is_said(page: Page, method: str) -> None:
    [asked] = call(page, method, "/me", token="")["asked"]
    assert asked["body"] is None
    assert asked["headers"] == {"Accept": "application/json"}


def test_a_refusal_is_a_problem(page: Page) -> None:
    body = (
        '{"type": "/api/v1/problems/cannot-send", "title": "Cannot send", "detail": "You are banned",'
        ' "numeric": "404", "errors": [{"pointer": "/text", "detail": "too long"}]}'
    )
    answer = {"status": 403, "body": body, "headers": {"Retry-After": "7"}}
    problem = call(page, "post", "/x", {}, answer=answer)["problem"]
    assert (problem["name"], problem["status"], problem["type"], problem["numeric"], problem["after"]) == (
        "Problem", 403, "cannot-send", "404", 7,
    )  # fmt: skip
    assert problem["message"] == "You are banned"
    assert problem["errors"] == [{"pointer": "/text", "detail": "too long"}]


SOON = """async ([answers, more]) => {
    const {Api} = await import("/app/api.js");
    const told = [];
    const ask = async (url, {method}) => {
        told.push(`${method} ${url}`);
        const [status, after] = answers.shift() ?? [200, ""];
        const headers = after ? {"Retry-After": after} : {};
        return new Response(JSON.stringify({detail: `${status}`}), {status, headers});
    };
    const api = new Api("", "cn-x", ask, async (seconds) => told.push(seconds));
    const calls = ["/a", "/b", "/c"].slice(0, more + 1).map((path) => api.post(path, {}));
    const found = await Promise.all(calls.map((call) => call.catch((error) => error)));
    return [told, found.map((each) => each.detail)];
}"""
"""What was asked and for how long was waited, and what came of it, where the server answers so."""


@pytest.mark.parametrize(
    ("answers", "asked", "found"),
    [
        ([[429, "3"]], ["POST /a", 3, "POST /a"], "200"),
        ([[429, "3"], [429, "5"]], ["POST /a", 3, "POST /a"], "429"),
        ([[429, "60"]], ["POST /a"], "429"),
        ([[429, ""]], ["POST /a"], "429"),
        ([[503, "3"]], ["POST /a"], "503"),
        ([[429, "3"], [403, ""]], ["POST /a", 3, "POST /a"], "403"),
    ],
)
def test_what_comes_too_soon_is_asked_once_more(page: Page, answers: Any, asked: Any, found: str) -> None:
    assert page.evaluate(SOON, [answers, 0]) == [asked, [found]]


def test_several_that_come_too_soon_are_asked_one_after_the_other(page: Page) -> None:
    told, found = page.evaluate(SOON, [[[429, "1"], [429, "1"], [429, "1"]], 2])
    assert told == ["POST /a", "POST /b", "POST /c", 1, "POST /a", 1, "POST /b", 1, "POST /c"]
    assert found == ["200"] * 3


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (None, 0, "no network"),
        ({"status": 502, "body": "<html>Bad Gateway</html>"}, 502, "HTTP 502"),
        ({"status": 500, "body": '"oh"'}, 500, "HTTP 500"),
        ({"status": 404, "body": ""}, 404, "HTTP 404"),
    ],
)
def test_whatever_else_comes(page: Page, answer: Any, status: int, message: str) -> None:
    problem = call(page, "get", "/x", answer=answer)["problem"]
    assert (problem["status"], problem["message"], problem["errors"]) == (status, message, [])


def test_an_answer_without_words(page: Page) -> None:
    assert call(page, "del", "/x", answer={"status": 204, "body": None})["found"] is None


def test_names_in_paths(page: Page) -> None:
    segment = 'async (name) => (await import("/app/api.js")).segment(name)'
    assert page.evaluate(segment, "#a/b ☕") == "%23a%2Fb%20%E2%98%95"
