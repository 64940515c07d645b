/**
 * What is read of the past, for whom, and when: a question at a time for each target.
 */

import {isBatch} from "./batches.js";
import {takePage} from "./model.js";
import {SOON, paramsOf, pause} from "./questions.js";
import {Changes} from "./state.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./state.js").Target} Target */
/** @typedef {import("./batches.js").Item} Item */
/** @typedef {import("./questions.js").Question} Question */

/** Channels and talks of which the newest page is asked for before somebody opens them. */
const BEHIND = 20;

export class Looking {
    /** @param {Connection} connection */
    constructor(connection) {
        this._connection = connection;
        /** @type {Set<Target>} */
        this._behind = new Set();
        /**
         * Those that will be asked for again.
         * @type {Set<Target>}
         */
        this._waiting = new Set();
    }

    /**
     * Read what is missing for somebody who sees these rows (null: the newest), if something is.
     * @param {Target} target
     * @param {{first: string, last: string}|null} visible
     */
    look(target, visible) {
        if (!this._connection.hears(target)) {
            return;
        }
        const question = target.past.ask(visible, this._connection.serverTime());
        if (question) {
            this.ask(target, question);
        } else if (!target.past.asking) {
            this._decide(target);
        }
    }

    /**
     * @param {Target} target
     * @param {Question} question
     */
    ask(target, question) {
        target.past.asked(question);
        this._changed(target);
        this._connection.request(
            (items) => this._page(target, question, items),
            (error) => this._refused(target, question, error),
            "CHATHISTORY", paramsOf(question, target.name), {page: true},
        );
    }

    /**
     * @param {Target} target
     * @param {Question} question
     * @param {Item[]} items
     */
    _page(target, question, items) {
        const {model} = this._connection;
        const page = items.find((item) => isBatch(item) && item.type === "chathistory");
        const note = items.find((item) => !isBatch(item) && item.verb === "NOTE" && item.params[1] === "INCOMPLETE");
        const times = note && !isBatch(note) ? note.params.slice(3, 5).map((time) => Date.parse(time)) : [];
        const now = this._connection.serverTime();
        if (!page || !isBatch(page)) {
            this._refused(target, question, new Error("no page"));
            return;
        }
        const changes = new Changes();
        /** @type {[number, number]|null} */
        const incomplete = times.length === 2 && !times.some(Number.isNaN) ? [times[0], times[1]] : null;
        takePage(model, target, page, {question, incomplete}, now, changes);
        target.news = false;
        this._connection.tell(changes.list);
        this._decide(target);
        this._next();
        this._again(target);
    }

    /**
     * Others have said something meanwhile of which one's server may have learned in a moment.  All who are there
     * will ask, and do it one after the other.
     * @param {Target} target
     */
    missed(target) {
        const {clock, random} = this._connection;
        clock.later(SOON * (1 + random()), () => {
            if (target === this._connection.opened) {
                this.look(target, this._connection.visible(target));
            } else {
                this.later(target);
            }
        });
    }

    /**
     * Where somebody looks at what other servers may know more of, it is asked for again after a while.
     * @param {Target} target
     */
    _again(target) {
        const doubtful = [...target.past.gaps()].map(({hole}) => hole).filter((hole) => hole.state === "incomplete");
        const connection = this._connection;
        if (doubtful.length && !this._waiting.has(target)) {
            this._waiting.add(target);
            const due = Math.min(...doubtful.map((hole) => hole.triedAt + pause(hole)));
            connection.clock.later(Math.max(0, due - connection.serverTime()), () => {
                this._waiting.delete(target);
                if (target === connection.opened) {
                    connection.look(target.name, connection.visible(target));
                }
            });
        }
    }

    /**
     * @param {Target} target
     * @param {Question} question
     * @param {Error & {code?: string}} error
     */
    _refused(target, question, error) {
        if (error.code === undefined && error.name === "Unanswered" && !this._connection.hears(target)) {
            return; // the connection is gone; `apart` has put all in order
        }
        const otherwise = target.past.refused(question, error.code ?? "");
        if (otherwise) {
            this.ask(target, otherwise);
            return;
        }
        target.news = false;
        this._changed(target);
        this._connection.outbox.decide(target, true);
        this._next();
    }

    /**
     * What is not known to be said: look further for it, or say so.
     * @param {Target} target
     */
    _decide(target) {
        const {outbox} = this._connection;
        outbox.decide(target, target.past.most === 0);
        if (outbox.isUndecided(target)) {
            const holes = target.past.holes();
            const newest = holes[holes.length - 1];
            const question = newest && target.past.ask({first: newest.id, last: newest.id}, this._connection.serverTime());
            if (question) {
                this.ask(target, question);
            } else if (!target.past.asking) {
                outbox.decide(target, true);
            }
        }
    }

    /**
     * Read the newest of a target when there is nothing more urgent.
     * @param {Target} target
     */
    later(target) {
        if (this._behind.size < BEHIND) {
            const idle = this._behind.size === 0;
            this._behind.add(target);
            if (idle) {
                this._next();
            }
        }
    }

    _next() {
        for (const target of this._behind) {
            if (target.past.asking) {
                return;
            }
            this._behind.delete(target);
            const question = target.past.end && target.past.ask(null, this._connection.serverTime());
            if (question && this._connection.hears(target)) {
                this._behind.add(target);
                this.ask(target, question);
                return;
            }
        }
    }

    /** @param {Target} target */
    _changed(target) {
        this._connection.tell([{kind: "rows", target: target.name, first: "", last: "", live: false}]);
    }

    /** The connection is gone. */
    apart() {
        this._behind.clear();
    }
}
