/**
 * Servers that part and meet.  https://ircv3.net/specs/batches/netsplit
 */

import {lines} from "./batches.js";
import {COMINGS} from "./comings.js";
import {timeOf} from "./rows.js";

/** @typedef {import("./batches.js").Batch} Batch */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Changes} Changes */

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
        const went = batch.type === "netsplit";
        let id = went ? past.split(servers, who, at) : past.rejoin(servers, who, at);
        if (id === null) {
            past.split(servers, [], at); // nobody here has seen them go
            id = past.rejoin(servers, who, at) ?? "";
        }
        changes.rows(target, {first: id, last: id, live: went});
    }
}
