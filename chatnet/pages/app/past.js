/**
 * The past of one channel or talk: what is known of it, in the order of the server, and the holes between.
 *
 * Entries are sorted by time and id.  An entry's `gap` says that something may be missing right before it, and
 * `end` says so behind the last one; where there is no gap nothing is missing.  Messages are the same if their
 * msgid is the same, and never because their text is.
 */

import {Entries, MOST} from "./entries.js";
import {flatten} from "./flat.js";
import {BEGINNING, choose, compare, covered, holeId} from "./questions.js";
import {blank, entryOf, goesOn} from "./rows.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").Entry} Entry */
/** @typedef {import("./questions.js").Question} Question */
/** @typedef {import("./questions.js").Key} Key */

/**
 * How messages came: as they were said (`live`), or as a page that answers a question.  `ended`: there is nothing
 * beyond it; `incomplete`: something of that time may be missing in it.  Without a question nothing is known but
 * the messages themselves.  `status`: the ranks that they were for.
 * @typedef {object} How
 * @property {boolean} [live]
 * @property {Question|null} [question]
 * @property {boolean} [ended]
 * @property {[number, number]|null} [incomplete]
 * @property {string} [status]
 */

/**
 * What was touched: the ids of the first and the last row, and the entries that are new.
 * @typedef {{first: string, last: string, live: boolean, added: Entry[]}} Taken
 */

export class Past extends Entries {
    constructor() {
        super();
        /**
         * Own messages that are no entries yet, in the order in which they are to be said.
         * @type {Row[]}
         */
        this.outbox = [];
        /** Messages that one question gives at most; 0: nothing is stored. */
        this.most = 0;
        /**
         * The question whose answer is waited for.
         * @type {Question|null}
         */
        this.asking = null;
        /** @type {Map<string, Row>} */
        this._merged = new Map();
        /** @type {{rows: Row[], index: Map<string, number>}|null} */
        this._flat = null;
    }

    // what is there

    /** All rows, holes and days among them; the same array until something changes. */
    rows() {
        return this._view().rows;
    }

    /**
     * Where a row stands in `rows()`; -1: nowhere.
     * @param {string} id
     */
    index(id) {
        return this._view().index.get(id) ?? -1;
    }

    /**
     * At most `n` rows before and as many behind one, and itself.
     * @param {string} id
     * @param {number} n
     */
    around(id, n) {
        const at = this.index(id);
        return at < 0 ? [] : this.rows().slice(Math.max(0, at - n), at + n + 1);
    }

    /**
     * The last `n` rows before one.
     * @param {string} id
     * @param {number} n
     */
    before(id, n) {
        const at = this.index(id);
        return at < 0 ? [] : this.rows().slice(Math.max(0, at - n), at);
    }

    /**
     * The first `n` rows behind one.
     * @param {string} id
     * @param {number} n
     */
    after(id, n) {
        const at = this.index(id);
        return at < 0 ? [] : this.rows().slice(at + 1, at + 1 + n);
    }

    /** The rows of holes. */
    holes() {
        return this.rows().filter((row) => row.kind === "hole");
    }

    _view() {
        this._flat ??= flatten(this, this._merged);
        return this._flat;
    }

    /** Something has changed: the rows are made anew when somebody looks. */
    touch() {
        this._flat = null;
    }

    // what comes

    /**
     * Take what came; null if nothing of it is new.
     * @param {Message[]} messages
     * @param {How} how
     * @param {number} [now]
     * @returns {Taken|null}
     */
    take(messages, how, now = Date.now()) {
        /** @type {Entry[]} */
        const added = [];
        /** @type {Entry[]} */
        const page = [];
        let before = how.live ? this.entries[this.entries.length - 1] ?? null : null;
        for (const message of messages) {
            if (message.verb === "REDACT") {
                this.redact(message.params[1] ?? "", message.nick, message.params[2] ?? "");
                continue;
            }
            const entry = entryOf(message, now, Boolean(how.live), how.status);
            if (entry && before && goesOn(message, before, now)) {
                goOn(before, entry);
            } else if (entry && (how.live || message.tags.has("msgid"))) {
                this.settle(entry.nonce);
                before = this.insert(entry, Boolean(how.live));
                if (before === entry) {
                    added.push(entry);
                }
                if (!message.tags.has("draft/chathistory-context")) {
                    page.push(before);
                }
            }
        }
        this.touch();
        page.sort(compare);
        const first = page[0] ?? null;
        const last = page[page.length - 1] ?? null;
        if (how.question) {
            this._answered(how.question, first, last, how, now);
        }
        return page.length || how.question
            ? {first: first?.id ?? "", last: last?.id ?? "", live: Boolean(how.live), added} : null;
    }

    // questions, and what their answers cover

    /**
     * What to ask next (`CHATHISTORY`), for somebody who sees the rows from one id to another; null: the newest.
     * The answer is to be given to `take`, or `refused`.
     * @param {{first: string, last: string}|null} visible
     * @param {number} [now]
     * @returns {Question|null}
     */
    ask(visible, now = Date.now()) {
        return choose(this, visible, now);
    }

    /**
     * A question is on its way; until its answer no other is asked.
     * @param {Question|null} question
     */
    asked(question) {
        this.asking = question;
        this.touch();
    }

    /**
     * A page tells all there is between two places.
     * @param {Question} question
     * @param {Entry|null} first
     * @param {Entry|null} last
     * @param {How} how
     * @param {number} now
     */
    _answered(question, first, last, how, now) {
        this.asking = null;
        const doubt = how.incomplete ?? null;
        // Of other makes there are some that never say that there is nothing beyond.
        const ended = Boolean(how.ended) || (!first && !doubt);
        const span = covered(question, first, last, ended);
        if (span) {
            const since = question.hole?.state === "incomplete" ? question.hole.since : Infinity;
            this.close(span.low, span.high, Math.min(since, span.low.at));
        }
        if (question.hole?.state === "incomplete" && !ended && first && first.at > question.hole.since) {
            first.gap = {...question.hole, until: first.at, triedAt: 0}; // the rest of what was in doubt
        }
        if (doubt) {
            this.doubt(doubt, now, (question.hole?.tries ?? 0) + 1);
        }
    }

    /**
     * Something of a time may be missing: there is a hole before the first entry that is younger.
     * @param {[number, number]} times
     * @param {number} triedAt
     * @param {number} tries
     */
    doubt([since, until], triedAt, tries) {
        const entry = this.entries[this.place({at: until, id: ""})] ?? null;
        const known = this.gap(entry);
        const least = known?.state === "incomplete" ? Math.min(since, known.since) : since;
        this.setGap(entry, {state: "incomplete", since: least, until, triedAt, tries});
        this.touch();
    }

    /**
     * A question was refused: what to ask instead, or null, and then its hole says so.
     * @param {Question} question
     * @param {string} code
     * @returns {Question|null}
     */
    refused(question, code) {
        this.asking = null;
        if (code !== "INVALID_TARGET" && question.otherwise) {
            return question.otherwise;
        }
        if (question.hole) {
            question.hole.state = code === "INVALID_TARGET" ? "denied" : "failed";
        }
        this.touch();
        return null;
    }

    /**
     * Somebody wants a hole that failed to be tried again.
     * @param {string} id  of its row
     */
    again(id) {
        for (const {entry, hole} of this.gaps()) {
            if (id === holeId(entry)) {
                hole.state = hole.until ? "incomplete" : "unread";
                hole.triedAt = 0;
            }
        }
        this.touch();
    }

    /**
     * What is said is heard from a time on.
     * @param {number} at
     */
    hears(at) {
        this.from = at;
    }

    /** What is said from now on is not heard. */
    apart() {
        this.asking = null;
        this.from = Infinity;
        this.miss();
        for (const {hole} of this.gaps()) {
            if (hole.state === "failed" || hole.state === "denied") {
                hole.state = "unread";
            }
        }
        this.touch();
    }

    /**
     * Forget what is farthest from what is seen, beyond so many messages.
     * @param {{first: string, last: string}|null} visible  null: the newest
     * @param {number} [most]
     */
    prune(visible, most = MOST) {
        const seen = visible ? this.known.get(visible.first) ?? this.known.get(visible.last) : undefined;
        for (const entry of this.drop(seen ?? null, most)) {
            this._merged.delete(entry.id);
        }
        this.touch();
    }

    // what is to be said

    /**
     * A message of one's own that is not said yet; `nonce` is what it will be known by.
     * @param {string} nonce
     * @param {number} now
     * @param {Partial<Row>} row
     */
    wait(nonce, now, row) {
        this.outbox.push({...blank("outbox", `+${nonce}`, now), state: "waiting", ...row});
        this.touch();
    }

    /**
     * The message of one's own with this nonce that is not known to be said, or null.
     * @param {string} nonce
     */
    waiting(nonce) {
        return this.outbox.find((row) => row.id === `+${nonce}`) ?? null;
    }

    /**
     * It is said, or given up.
     * @param {string} nonce
     */
    settle(nonce) {
        if (nonce && this.outbox.length) {
            this.outbox = this.outbox.filter((row) => row.id !== `+${nonce}`);
            this.touch();
        }
    }

    /**
     * What became of a message of one's own.
     * @param {string} nonce
     * @param {Row["state"]} state
     * @param {string} [reason]
     */
    tell(nonce, state, reason = "") {
        const row = this.waiting(nonce);
        if (row) {
            Object.assign(row, {state, reason, version: row.version + 1});
            this.touch();
        }
    }

    /** Where the last entry stands; what is said next will stand behind it. */
    get tail() {
        const last = this.entries[this.entries.length - 1];
        return last ? {at: last.at, id: last.id} : BEGINNING;
    }

    /**
     * Whether all is known that was said behind a place.
     * @param {Key} key
     */
    isWhole(key) {
        return !this.end && this.entries.every((entry) => !entry.gap || compare(entry, key) <= 0);
    }
}

/**
 * The rest of what an entry tells.
 * @param {Entry} before
 * @param {Entry} entry
 */
function goOn(before, entry) {
    const known = before.row?.events ?? [];
    known.push(...(entry.row?.events ?? []).filter((event) => known.every((each) => each.other !== event.other)));
    if (before.row) {
        before.row.version++;
    }
}
