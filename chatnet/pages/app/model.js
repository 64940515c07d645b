/**
 * From lines to what has changed: `apply` keeps a `State` true, and tells which of it is to be drawn anew.
 */

import {isBatch, lines} from "./batches.js";
import {COMINGS} from "./comings.js";
import {NUMERICS} from "./numerics.js";
import {split} from "./splits.js";
import {Changes, State} from "./state.js";
import {marked, recount, redacted, searched, spoke, tagged} from "./talking.js";
import {isName} from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./batches.js").Batch} Batch */
/** @typedef {import("./batches.js").Item} Item */
/** @typedef {import("./state.js").Change} Change */
/** @typedef {import("./state.js").Target} Target */
/** @typedef {import("./comings.js").Handler} Handler */
/** @typedef {import("./past.js").How} How */

export {State};

/** @type {Record<string, Handler>} */
const HANDLERS = {
    ...COMINGS,
    ...NUMERICS,
    PRIVMSG: spoke,
    NOTICE: spoke,
    TAGMSG: tagged,
    REDACT: redacted,
    MARKREAD: (state, message, now, changes) => marked(state, message, changes),
    CAP: capabilities,
    FAIL: refused,
    WARN: refused,
    NOTE: refused,
};

/** How many of the parameters of these are names, by which channels and talks are made. */
const NAMES = new Map([
    ["001", 1], ["JOIN", 1], ["MARKREAD", 1], ["NICK", 1], ["NOTICE", 1], ["PRIVMSG", 1], ["REDACT", 1], ["RENAME", 2],
]);

/**
 * Whether what is named in a line can be spoken of in another one.  What cannot is a mistake of the server: kept, it
 * would fail each time that something is asked about it.
 * @param {Message} message
 */
function isSound({verb, nick, user, params}) {
    const count = NAMES.get(verb) ?? 0;
    return params.length >= count && params.slice(0, count).every(isName) && (!user || isName(nick));
}

/**
 * Take a line that has come; of a batch that is not whole yet nothing changes.
 * @param {State} state
 * @param {Message} message
 * @param {number} [now]  milliseconds
 * @returns {Change[]}
 */
export function apply(state, message, now = Date.now()) {
    const item = state.batches.take(message);
    return item ? applyWhole(state, item, now) : [];
}

/**
 * Take a line or a whole batch.
 * @param {State} state
 * @param {Item} item
 * @param {number} now
 * @returns {Change[]}
 */
export function applyWhole(state, item, now) {
    const changes = new Changes();
    handle(state, item, now, changes);
    return changes.list;
}

/**
 * @param {State} state
 * @param {Item} item
 * @param {number} now
 * @param {Changes} changes
 */
function handle(state, item, now, changes) {
    if (isBatch(item)) {
        batched(state, item, now, changes);
        return;
    }
    const handler = HANDLERS[item.verb];
    if (!isSound(item)) {
        return;
    }
    if (handler) {
        handler(state, item, now, changes);
    } else if (/^[45][0-9][0-9]$/.test(item.verb)) {
        refused(state, item, now, changes);
    }
}

/**
 * @param {State} state
 * @param {Batch} batch
 * @param {number} now
 * @param {Changes} changes
 */
function batched(state, batch, now, changes) {
    switch (batch.type) {
        case "netsplit":
        case "netjoin":
            split(state, batch, now, changes);
            break;
        case "chathistory":
            unasked(state, batch, now, changes);
            break;
        case "soju.im/search":
            searched(state, lines(batch), now, changes);
            break;
        case "draft/chathistory-targets":
            break; // an answer that whoever asked reads
        default:
            batch.items.forEach((each) => handle(state, each, now, changes));
    }
}

/**
 * A page that nobody asked for: nothing is known but its messages.
 * @param {State} state
 * @param {Batch} batch
 * @param {number} now
 * @param {Changes} changes
 */
function unasked(state, batch, now, changes) {
    if (!isName(batch.params[0] ?? "")) {
        return;
    }
    const known = state.targets.size;
    takePage(state, state.target(batch.params[0] ?? ""), batch, {}, now, changes);
    if (state.targets.size !== known) {
        changes.once("channels");
    }
}

/**
 * A page of the past of a target.
 * @param {State} state
 * @param {Target} target
 * @param {Batch} batch
 * @param {How} how
 * @param {number} now
 * @param {Changes} changes
 */
export function takePage(state, target, batch, how, now, changes) {
    const ended = batch.opened.tags.has("draft/chathistory-end");
    const taken = target.past.take(lines(batch), {...how, ended}, now);
    if (taken) {
        changes.rows(target, taken);
        recount(state, target, changes);
    }
}

/**
 * Which capabilities there are, and which are in force.
 * @type {Handler}
 */
function capabilities(state, {params}, now, changes) {
    const [, verb = "", ...rest] = params;
    const words = (rest[rest.length - 1] ?? "").split(" ").filter(Boolean);
    switch (verb) {
        case "LS":
        case "NEW":
            for (const word of words) {
                const at = word.indexOf("=");
                state.offered.set(at < 0 ? word : word.slice(0, at), at < 0 ? "" : word.slice(at + 1));
            }
            break;
        case "ACK":
            words.forEach((word) => (word[0] === "-" ? state.caps.delete(word.slice(1)) : state.caps.add(word)));
            break;
        case "DEL":
            words.forEach((word) => state.offered.delete(word) && state.caps.delete(word));
            break;
        default:
            return;
    }
    state.readPage();
    changes.once("caps");
}

/**
 * A refusal that answers no question of ours: somebody is to read it.
 * @type {Handler}
 */
function refused(state, {verb, params}, now, changes) {
    const standard = !/^[0-9]/.test(verb);
    const code = standard ? params[1] ?? "" : verb;
    changes.add({
        kind: "error", code, params: standard ? [verb, ...params.slice(0, 1), ...params.slice(2, -1)] : params.slice(1, -1),
        text: params[params.length - 1] ?? "",
    });
}
