/**
 * What stands in a timeline: a message, or something that happened, as the row that shows it.
 */

import {cut} from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */

/**
 * Something that happened in a channel.  `nick` is whom it happened to, `by` who did it; `other` is the new nick
 * or name, or what changed of the modes (`+o bob`); `text` a reason or a topic.
 * @typedef {object} Happening
 * @property {"join"|"part"|"quit"|"nick"|"kick"|"mode"|"topic"|"rename"|"invite"} type
 * @property {string} id
 * @property {number} at
 * @property {string} nick
 * @property {string} by
 * @property {string} other
 * @property {string} text
 */

/**
 * Servers that lost each other: who was gone, and who is back since.
 * @typedef {object} Split
 * @property {string} near
 * @property {string} far
 * @property {string[]} gone
 * @property {string[]} back
 * @property {number} backAt  0: nobody is back
 */

/**
 * Messages that are missing: before the first row (`start`), between two, or behind the last one (`end`).
 * `unread`: nobody asked yet; `failed`: try again; `denied`: not for us to read; `incomplete`: other servers
 * may know more.
 * @typedef {object} HoleShown
 * @property {"start"|"middle"|"end"} edge
 * @property {"unread"|"asked"|"failed"|"denied"|"incomplete"} state
 */

/**
 * A row.  `version` grows with every change of it; lines of `text` are joined by line feeds.
 * @typedef {object} Row
 * @property {string} id
 * @property {"message"|"notice"|"action"|"event"|"split"|"hole"|"day"|"outbox"} kind
 * @property {number} at  milliseconds
 * @property {string} nick
 * @property {string} account  "": not logged in
 * @property {string} text
 * @property {string} replyTo  "": no reply
 * @property {Map<string, Set<string>>} reactions  emoji → nicks
 * @property {{by: string, reason: string}|null} redacted
 * @property {boolean} bot
 * @property {boolean} oper
 * @property {string} status  the ranks it was for (`@`), "": everybody
 * @property {"sent"|"waiting"|"uncertain"|"refused"} state
 * @property {string} reason  why it was refused
 * @property {"message"|"notice"|"action"} says  what one in the outbox will be
 * @property {Happening[]} events
 * @property {Split|null} split
 * @property {HoleShown|null} hole
 * @property {number} version
 */

/**
 * A row where it stands among others, or (`row` null) a reaction, which has a place but no row.
 * `gap` tells what may be missing right before it.  `stored`: the server knows it by its id.
 * @typedef {object} Entry
 * @property {string} id
 * @property {number} at
 * @property {Row|null} row
 * @property {import("./entries.js").Hole|null} gap
 * @property {boolean} stored
 * @property {string} nonce
 * @property {Reaction|null} reaction
 */

/** @typedef {{to: string, emoji: string, nick: string, on: boolean}} Reaction */

export const NONCE = "+chatnet/nonce";
const REPLIES = ["+reply", "+draft/reply"];
const REACT = "+draft/react";
const UNREACT = "+draft/unreact";
const CTCP = "\u0001";

let numbers = 0;

/** An id for what has none on the wire; greater, as a text, than those of messages. */
export function ownId() {
    numbers += 1;
    return `~${String(numbers).padStart(9, "0")}`;
}

/**
 * A row that shows nothing yet.
 * @param {Row["kind"]} kind
 * @param {string} id
 * @param {number} at
 * @returns {Row}
 */
export function blank(kind, id, at) {
    return {
        id, kind, at, nick: "", account: "", text: "", replyTo: "", reactions: new Map(), redacted: null, bot: false,
        oper: false, status: "", state: "sent", reason: "", says: "message", events: [], split: null, hole: null, version: 0,
    };
}

/** Milliseconds since 1970 that a line can have been said at: beyond them a time is a mistake, and breaks dates. */
const TIMES = {least: 0, most: Date.UTC(9999, 0)};

/**
 * When a line was said, in milliseconds.
 * @param {Message} message
 * @param {number} now
 */
export function timeOf(message, now) {
    const at = Date.parse(message.tags.get("time") ?? "");
    return at >= TIMES.least && at < TIMES.most ? at : now;
}

/**
 * The message that a line answers, or points at.
 * @param {Message} message
 */
export function replyOf(message) {
    return message.tags.get(REPLIES[0]) || message.tags.get(REPLIES[1]) || "";
}

/**
 * What a PRIVMSG says: `/me` is an action, another CTCP nothing that anybody reads.
 * @param {string} text
 * @returns {{kind: "message"|"action"|"ctcp", text: string}}
 */
export function said(text) {
    if (text[0] !== CTCP) {
        return {kind: "message", text};
    }
    const [word, rest] = cut(text.slice(1), " ");
    const end = rest.endsWith(CTCP) ? rest.slice(0, -1) : rest;
    return word.replace(CTCP, "") === "ACTION" ? {kind: "action", text: end} : {kind: "ctcp", text: ""};
}

/**
 * The text of an action, as it goes over the wire.
 * @param {string} text
 */
export function action(text) {
    return `${CTCP}ACTION ${text}${CTCP}`;
}

/**
 * What a line is in a timeline; null: nothing.  A line of a page always has a place there.
 * @param {Message} message
 * @param {number} now
 * @param {boolean} live
 * @param {string} [status]  the ranks that it was for
 * @returns {Entry|null}
 */
export function entryOf(message, now, live, status = "") {
    const at = timeOf(message, now);
    const id = message.tags.get("msgid") || ownId();
    const nonce = message.tags.get(NONCE) ?? "";
    /** @type {Entry} */
    const entry = {id, at, row: null, gap: null, stored: false, nonce, reaction: null};
    switch (message.verb) {
        case "PRIVMSG":
        case "NOTICE":
            entry.row = spoken(message, id, at, status);
            entry.stored = entry.row?.kind === "message" || entry.row?.kind === "action";
            return entry.row || !live ? entry : null;
        case "TAGMSG":
            entry.reaction = reactionOf(message);
            return entry.reaction || !live ? entry : null;
        default: {
            const event = happening(message, id, at);
            if (!event) {
                return null;
            }
            entry.row = {...blank("event", id, at), nick: message.nick, events: [event]};
            return entry;
        }
    }
}

/**
 * @param {Message} message
 * @param {string} id
 * @param {number} at
 * @param {string} status
 * @returns {Row|null}
 */
function spoken(message, id, at, status) {
    const {kind, text} = said(message.params[1] ?? "");
    if (kind === "ctcp") {
        return null;
    }
    return {
        ...blank(kind === "message" && message.verb === "NOTICE" ? "notice" : kind, id, at),
        nick: message.nick,
        account: message.tags.get("account") ?? "",
        text,
        replyTo: replyOf(message),
        bot: message.tags.has("bot"),
        oper: message.tags.has("draft/oper"),
        status,
    };
}

/**
 * @param {Message} message
 * @returns {Reaction|null}
 */
function reactionOf(message) {
    const to = replyOf(message);
    const on = message.tags.has(REACT);
    const emoji = message.tags.get(on ? REACT : UNREACT) ?? "";
    return to && emoji ? {to, emoji, nick: message.nick, on} : null;
}

/**
 * @param {Message} message
 * @param {string} id
 * @param {number} at
 * @returns {Happening|null}
 */
function happening({verb, nick, params}, id, at) {
    const event = {id, at, nick, by: "", other: "", text: ""};
    switch (verb) {
        case "JOIN":
            return {...event, type: "join"};
        case "PART":
            return {...event, type: "part", text: params[1] ?? ""};
        case "QUIT":
            return {...event, type: "quit", text: params[0] ?? ""};
        case "NICK":
            return {...event, type: "nick", other: params[0] ?? ""};
        case "KICK":
            return {...event, type: "kick", nick: params[1] ?? "", by: nick, text: params[2] ?? ""};
        case "MODE":
            return {...event, type: "mode", by: nick, other: params.slice(1).join(" ")};
        case "TOPIC":
            return {...event, type: "topic", by: nick, text: params[1] ?? ""};
        case "RENAME":
            return {...event, type: "rename", by: nick, other: params[1] ?? "", text: params[2] ?? ""};
        case "INVITE":
            return {...event, type: "invite", nick: params[0] ?? "", by: nick};
        default:
            return null;
    }
}

/**
 * Whether a line goes on with what another one began: a MODE of many changes takes several lines, of which the
 * first has the id.
 * @param {Message} message
 * @param {Entry|null} before
 * @param {number} now
 */
export function goesOn(message, before, now) {
    const first = before?.row?.events[0];
    return message.verb === "MODE" && !message.tags.has("msgid") && first?.type === "mode"
        && first.by === message.nick && first.at === timeOf(message, now);
}
