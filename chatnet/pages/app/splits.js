/**
 * Servers that part and meet.  https://ircv3.net/specs/batches/netsplit
 */

import {lines} from "./batches.js";
import {COMINGS} from "./comings.js";
import {blank, ownId, timeOf} from "./rows.js";
import {fold} from "./wire.js";

/** @typedef {import("./batches.js").Batch} Batch */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Changes} Changes */
/** @typedef {import("./state.js").Channel} Channel */
/** @typedef {import("./past.js").Past} Past */
/** @typedef {import("./rows.js").Row} Row */

/** Milliseconds for which servers may have heard nothing of each other before anybody was told that they are apart. */
const UNTOLD = 300_000;

/**
 * Many people went, or are back: one row in each channel.
 * @param {State} state
 * @param {Batch} batch
 * @param {number} now
 * @param {Changes} changes
 */
export function split(state, batch, now, changes) {
    /** @type {[string, string]} */
    const servers = [batch.params[0] ?? "", batch.params[1] ?? ""];
    /** @type {Map<string, string[]>} */
    const nicks = new Map();
    for (const message of lines(batch)) {
        const {verb, nick, params} = message;
        const left = verb === "QUIT" ? state.channelsOf(nick) : [];
        const come = verb === "JOIN" ? state.channel(params[0] ?? "") : null;
        for (const {name} of come ? [come] : left) {
            nicks.set(name, [...(nicks.get(name) ?? []), nick]);
        }
        COMINGS[verb]?.(state, message, now, changes, true);
    }
    const at = timeOf(batch.opened, now);
    for (const [name, who] of nicks) {
        const target = state.target(name);
        const {past} = target;
        if (batch.type === "netsplit") {
            const {id} = parted(past, servers, who, at);
            changes.rows(target, {first: id, last: id, live: true});
        } else {
            const known = newest(past, (row) => isOf(row, servers) || lacks(row, who));
            meet(state, name, known ?? parted(past, servers, [], at), who, known ? known.at - UNTOLD : 0, [at, now], changes);
        }
    }
}

/**
 * All who are in a channel are told: those who were lost are back, where one was not told of it.
 * @param {State} state
 * @param {Channel} channel
 * @param {number} now
 * @param {Changes} changes
 */
export function named(state, {name, members}, now, changes) {
    const here = [...members.values()].map(({nick}) => nick);
    const row = newest(state.target(name).past, (each) => !each.split?.backAt && lacks(each, here));
    if (row) {
        const lost = new Set(row.split?.gone.map(fold));
        meet(state, name, row, here.filter((nick) => lost.has(fold(nick))), row.at - UNTOLD, [now, now], changes);
    }
}

/**
 * What those said who are back was said to others, and is to be asked for.
 * @param {State} state
 * @param {string} name
 * @param {Row} row
 * @param {string[]} back
 * @param {number} since
 * @param {[number, number]} times  when they met, and when it is told
 * @param {Changes} changes
 */
function meet(state, name, row, back, since, [at, now], changes) {
    const target = state.target(name);
    if (row.split) {
        row.split.back = [...new Set([...row.split.back, ...back])];
        row.split.backAt = at;
        row.version++;
    }
    if (target.past.most) {
        target.past.doubt([since, Infinity], now, 0);
        changes.once("missed", target.name);
    }
    target.past.touch();
    changes.rows(target, {first: row.id, last: row.id, live: false});
}

/**
 * A row that tells that servers have lost each other, and these people.
 * @param {Past} past
 * @param {[string, string]} servers
 * @param {string[]} gone
 * @param {number} at
 */
function parted(past, [near, far], gone, at) {
    const row = {...blank("split", ownId(), at), split: {near, far, gone, back: [], backAt: 0}};
    past.insert({id: row.id, at, row, gap: null, stored: false, nonce: "", reaction: null}, true);
    past.touch();
    return row;
}

/**
 * The newest row of a split with which it is so, or null.
 * @param {Past} past
 * @param {(row: Row) => boolean} is
 */
function newest({entries}, is) {
    for (let index = entries.length - 1; index >= 0; index--) {
        const {row} = entries[index];
        if (row?.split && is(row)) {
            return row;
        }
    }
    return null;
}

/**
 * Whether these servers have lost each other there.  (Of those that are hidden, nobody knows which they are.)
 * @param {Row} row
 * @param {[string, string]} servers
 */
function isOf({split: lost}, [near, far]) {
    return lost !== null && ((lost.near === near && lost.far === far) || (lost.near === far && lost.far === near));
}

/**
 * Whether one of these people was lost there, and is not back.
 * @param {Row} row
 * @param {string[]} nicks
 */
function lacks({split: lost}, nicks) {
    const here = new Set(nicks.map(fold));
    return lost !== null && lost.gone.some((nick) => here.has(fold(nick)) && !lost.back.includes(nick));
}
