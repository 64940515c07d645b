/**
 * The entries of a past, sorted by time and id, with the gaps between them, and what was told of each of them.
 */

import {BEGINNING, END, compare} from "./questions.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").Entry} Entry */
/** @typedef {import("./questions.js").Key} Key */

/**
 * Something may be missing here; where the server said of when, between `since` and `until` (milliseconds).
 * `triedAt` is when it was asked for last, and `tries` how often in vain.  `far`: it was known and forgotten, far from
 * what is seen, so that only who comes to see it wants it.
 * @typedef {object} Hole
 * @property {"unread"|"failed"|"denied"|"incomplete"} state
 * @property {number} since
 * @property {number} until
 * @property {number} triedAt
 * @property {number} tries
 * @property {boolean} [far]
 */

/** Messages of one channel or talk that are kept. */
export const MOST = 2000;
const REMEMBERED = 500;

/** @param {boolean} [far] @returns {Hole} */
export function unread(far = false) {
    return {state: "unread", since: 0, until: 0, triedAt: 0, tries: 0, far};
}

export class Entries {
    constructor() {
        /** @type {Entry[]} */
        this.entries = [];
        /** @type {Map<string, Entry>} */
        this.known = new Map();
        /**
         * What may be missing behind the last entry.
         * @type {Hole|null}
         */
        this.end = unread();
        /** Since when (milliseconds) all that is said is heard. */
        this.from = Infinity;
        /** @type {Map<string, Map<string, Map<string, {on: boolean, key: Key}>>>} */
        this._reactions = new Map();
        /** @type {Map<string, {by: string, reason: string}>} */
        this._redactions = new Map();
    }

    /** What is said from now on may be missing, though it is not far from what is known. */
    miss() {
        if (!this.end || this.end.far) this.end = unread();
    }

    /** The entries in pieces, between which something may be missing. */
    get pieces() {
        /** @type {Entry[][]} */
        const found = [];
        for (const entry of this.entries) {
            if (entry.gap || !found.length) {
                found.push([]);
            }
            found[found.length - 1].push(entry);
        }
        return found;
    }

    /** The newest row that somebody said, or null. */
    get newest() {
        for (let at = this.entries.length - 1; at >= 0; at--) {
            const row = this.entries[at].row;
            if (row && row.kind !== "event" && row.kind !== "split") {
                return row;
            }
        }
        return null;
    }

    /**
     * The row of a message, or null.
     * @param {string} msgid
     */
    row(msgid) {
        return this.known.get(msgid)?.row ?? null;
    }

    /**
     * Put it where it belongs, if it is not there yet; the entry that is there then.
     * @param {Entry} entry
     * @param {boolean} live
     */
    insert(entry, live) {
        const known = this.known.get(entry.id);
        if (known) {
            known.stored ||= !live;
            this._react(entry);
            return known;
        }
        entry.stored ||= !live;
        const at = this.place(entry);
        const hole = this.gap(this.entries[at] ?? null);
        if (live && at === this.entries.length && entry.at > this.from) {
            entry.gap = hole;
            this.end = null; // all that comes behind it is heard
        } else {
            entry.gap = hole && {...hole};
        }
        this.entries.splice(at, 0, entry);
        this.known.set(entry.id, entry);
        this._react(entry);
        if (entry.row) {
            this._dress(entry.row);
        }
        return entry;
    }

    /**
     * The index of the first entry that stands behind a place.
     * @param {Key} key
     */
    place(key) {
        let low = 0;
        let high = this.entries.length;
        if (!high || compare(this.entries[high - 1], key) <= 0) {
            return high;
        }
        while (low < high) {
            const middle = (low + high) >> 1;
            if (compare(this.entries[middle], key) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** @param {Entry|null} entry */
    gap(entry) {
        return entry ? entry.gap : this.end;
    }

    /**
     * @param {Entry|null} entry
     * @param {Hole|null} hole
     */
    setGap(entry, hole) {
        if (entry) {
            entry.gap = hole;
        } else {
            this.end = hole;
        }
    }

    /** All gaps, from the oldest on: before which entry (null: behind the last), and the hole. */
    *gaps() {
        for (const entry of this.entries) {
            if (entry.gap) {
                yield {entry, hole: entry.gap};
            }
        }
        if (this.end) {
            yield {entry: null, hole: this.end};
        }
    }

    /**
     * There is nothing between two places that is not here: whatever gaps were wholly between them are none.
     * @param {Key} low
     * @param {Key} high
     * @param {number} [doubt]  since when (milliseconds) all was asked for of which there was a doubt
     */
    close(low, high, doubt = low.at) {
        /** @type {Key} */
        let before = BEGINNING;
        for (const entry of [...this.entries, null]) {
            const hole = this.gap(entry);
            const whole = hole && (hole.state !== "incomplete" || doubt <= hole.since);
            if (whole && compare(low, before) <= 0 && compare(entry ?? END, high) <= 0) {
                this.setGap(entry, null);
            }
            before = entry ?? END;
        }
    }

    /**
     * Forget what is farthest from an entry (null: the newest), beyond so many; what is forgotten is a hole.
     * @param {Entry|null} seen
     * @param {number} most
     */
    drop(seen, most) {
        const over = this.entries.length - most;
        if (over <= 0) {
            return [];
        }
        const middle = seen ? this.place(seen) : this.entries.length;
        const old = Math.min(over, Math.max(0, middle - (most >> 1)));
        const gone = [...this.entries.splice(0, old), ...this.entries.splice(most)];
        for (const entry of gone) {
            this.known.delete(entry.id);
            this._reactions.delete(entry.id);
        }
        if (old) {
            this.entries[0].gap = unread();
        }
        if (old < over) {
            this.end = unread(true);
        }
        return gone;
    }

    // what is told of messages

    /**
     * A message was deleted, here or before it is here.
     * @param {string} id
     * @param {string} by
     * @param {string} reason
     */
    redact(id, by, reason) {
        this._redactions.delete(id);
        this._redactions.set(id, {by, reason});
        if (this._redactions.size > REMEMBERED) {
            this._redactions.delete(this._redactions.keys().next().value ?? "");
        }
        const entry = this.known.get(id);
        if (entry?.reaction) {
            const {to, nick, emoji} = entry.reaction;
            this.react(to, nick, emoji, false, entry);
        } else if (entry?.row) {
            entry.row.redacted = {by, reason};
            entry.row.text = "";
            entry.row.reactions = new Map();
            entry.row.version++;
        }
    }

    /** @param {Entry} entry */
    _react({reaction, at, id}) {
        if (reaction && !this._redactions.has(id)) {
            this.react(reaction.to, reaction.nick, reaction.emoji, reaction.on, {at, id});
        }
    }

    /**
     * Somebody reacts to a message, or (`on` false) no more; what was said last holds, whatever came first.
     * @param {string} to
     * @param {string} nick
     * @param {string} emoji
     * @param {boolean} on
     * @param {Key} key  when
     */
    react(to, nick, emoji, on, key) {
        const emojis = this._reactions.get(to) ?? new Map();
        const nicks = emojis.get(emoji) ?? new Map();
        const before = nicks.get(nick);
        if (before && compare(before.key, key) > 0) {
            return;
        }
        nicks.set(nick, {on, key: {at: key.at, id: key.id}});
        this._reactions.set(to, emojis.set(emoji, nicks));
        const row = this.row(to);
        if (row) {
            this._show(row, emoji);
        }
    }

    /**
     * @param {Row} row
     * @param {string} emoji
     */
    _show(row, emoji) {
        const nicks = new Set();
        for (const [nick, {on}] of this._reactions.get(row.id)?.get(emoji) ?? []) {
            if (on) {
                nicks.add(nick);
            }
        }
        if (nicks.size && !row.redacted) {
            row.reactions.set(emoji, nicks);
        } else {
            row.reactions.delete(emoji);
        }
        row.version++;
    }

    /**
     * What was told of a message before it was here.
     * @param {Row} row
     */
    _dress(row) {
        const gone = this._redactions.get(row.id);
        if (gone) {
            this.redact(row.id, gone.by, gone.reason);
        }
        for (const emoji of this._reactions.get(row.id)?.keys() ?? []) {
            this._show(row, emoji);
        }
    }
}
