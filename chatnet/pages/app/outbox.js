/**
 * What one has written and what became of it.  Nothing is ever said twice by itself: a message of which nobody knows
 * whether it was heard is shown as that, and it is for people to say it again.
 */

import {linesOf, portions} from "./speaking.js";
import {fold} from "./wire.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./state.js").Target} Target */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./questions.js").Key} Key */

/**
 * A message of one's own.  `wired`: it was given to a connection; `after`: what was known to be said before it.
 * @typedef {object} Waiting
 * @property {string} nonce
 * @property {Target} target
 * @property {string} text
 * @property {"message"|"notice"|"action"} kind
 * @property {string} replyTo
 * @property {boolean} wired
 * @property {Key} after
 */

/** Messages that may wait to be said. */
export const MOST_WAITING = 50;
/** Milliseconds for which the echo of a message is waited for that the server has taken. */
const ECHO = 60_000;

export class Outbox {
    /** @param {Connection} connection */
    constructor(connection) {
        this._connection = connection;
        /** @type {Waiting[]} */
        this._waiting = [];
    }

    /**
     * Say something, now or when there is a connection; false: too much waits already.
     * @param {Target} target
     * @param {string} text
     * @param {"message"|"notice"|"action"} kind
     * @param {string} replyTo
     */
    say(target, text, kind, replyTo) {
        const connection = this._connection;
        const texts = portions(connection.model, target.name, text, kind);
        if (this._waiting.length + texts.length > MOST_WAITING) {
            return false;
        }
        texts.forEach((each, index) => {
            const nonce = connection.nonce();
            const reply = index ? "" : replyTo;
            target.past.wait(nonce, connection.serverTime(), {
                text: each, nick: connection.model.me.nick, account: connection.model.me.account, replyTo: reply, says: kind,
            });
            this._waiting.push({nonce, target, text: each, kind, replyTo: reply, wired: false, after: target.past.tail});
            this._changed(target, nonce);
        });
        this.flush();
        return true;
    }

    /** Give to the connection what waits for it, in order. */
    flush() {
        const connection = this._connection;
        for (const each of [...this._waiting]) {
            if (!each.wired && connection.hears(each.target)) {
                this._send(each);
            }
        }
    }

    /** @param {Waiting} each */
    _send(each) {
        const connection = this._connection;
        const {model} = connection;
        each.wired = true;
        each.after = each.target.past.tail;
        const label = connection.request(
            (items) => this._answered(each, items.length === 0),
            (error) => this._failed(each, error),
        );
        const how = {...each, label, reference: `m${label}`};
        for (const {verb, params, tags} of linesOf(model, each.target.name, each.text, how)) {
            connection.send(verb, params, tags);
        }
        if (!model.caps.has("labeled-response")) {
            this._drop(each); // no answer will ever tell
        }
    }

    /**
     * The server took it.
     * @param {Waiting} each
     * @param {boolean} silently  without an echo
     */
    _answered(each, silently) {
        if (!silently || !this._connection.model.caps.has("echo-message")) {
            this._drop(each);
        } else {
            this._connection.clock.later(ECHO, () => each.target.past.waiting(each.nonce) && this._failed(each, new Error()));
        }
    }

    /**
     * @param {Waiting} each
     * @param {Error & {code?: string}} error
     */
    _failed(each, error) {
        if (error.code !== undefined) {
            this._tell(each, "refused", error.message);
        } else if (this._connection.hears(each.target)) {
            this._tell(each, "uncertain"); // there was no answer; if it comes late, it is known by its nonce
        } // else the connection is gone: `decide` will tell what became of it
    }

    /**
     * There is nothing more to wait for.
     * @param {Waiting} each
     * @param {"refused"|"uncertain"} state
     * @param {string} [reason]
     */
    _tell(each, state, reason = "") {
        this._waiting = this._waiting.filter((other) => other !== each);
        each.target.past.tell(each.nonce, state, reason);
        this._changed(each.target, each.nonce);
    }

    /** @param {Waiting} each */
    _drop(each) {
        this._waiting = this._waiting.filter((other) => other !== each);
        if (each.target.past.waiting(each.nonce)) {
            each.target.past.settle(each.nonce);
            this._changed(each.target, each.nonce);
        }
    }

    /**
     * Whether it is unknown of messages to a target if they were said.
     * @param {Target} target
     */
    isUndecided(target) {
        return this._of(target).some((each) => each.wired);
    }

    /** @param {Target} target */
    _of(target) {
        return this._waiting.filter((each) => each.target === target);
    }

    /** Channels or talks were closed: what waited for them does so no more. */
    tidy() {
        const {targets} = this._connection.model;
        this._waiting = this._waiting.filter(({target}) => targets.get(fold(target.name)) === target);
    }

    /** The connection is gone; what was under way was perhaps said. */
    apart() {
        this._waiting = this._waiting.filter((each) => each.target.past.waiting(each.nonce));
    }

    /**
     * There is a connection again, and what was said meanwhile is known, as far as it ever will be: those that are
     * not among it were perhaps not said.
     * @param {Target} target
     * @param {boolean} [anyway]  there will be no more
     */
    decide(target, anyway = false) {
        for (const each of this._of(target)) {
            if (!target.past.waiting(each.nonce)) {
                this._waiting = this._waiting.filter((other) => other !== each);
            } else if (each.wired && (anyway || target.past.isWhole(each.after))) {
                this._tell(each, "uncertain");
            }
        }
    }

    /** The targets to which something was perhaps said. */
    undecided() {
        return new Set(this._waiting.filter((each) => each.wired).map((each) => each.target));
    }

    /**
     * @param {Target} target
     * @param {string} nonce
     */
    _changed(target, nonce) {
        const id = `+${nonce}`;
        const row = target.past.waiting(nonce);
        this._connection.tell([
            {kind: "rows", target: target.name, first: id, last: id, live: Boolean(row), own: true, ...(row ? {row} : {})},
        ]);
    }
}
