/**
 * The rows of a past as they are drawn: days and holes between them, and one row for several comings and goings.
 */

import {blank} from "./rows.js";
import {holeId} from "./questions.js";

/** @typedef {import("./past.js").Past} Past */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").Entry} Entry */

const TOGETHER = new Set(["join", "part", "quit", "nick", "mode"]);

/**
 * All rows, and where each stands.  `merged` are the rows of several happenings that were made before, which stay
 * the same objects.
 * @param {Past} past
 * @param {Map<string, Row>} merged
 * @returns {{rows: Row[], index: Map<string, number>}}
 */
export function flatten(past, merged) {
    /** @type {Row[]} */
    const rows = [];
    const days = new Days();
    /** @type {Row[]} */
    let together = [];
    const close = () => {
        if (together.length) {
            rows.push(together.length === 1 ? together[0] : asOne(together, merged));
            together = [];
        }
    };
    past.entries.forEach((entry, at) => {
        if (entry.gap) {
            close();
            rows.push(...hole(past, entry, at ? "middle" : "start"));
        }
        const row = entry.row;
        if (!row) {
            return;
        }
        if (days.isNew(row.at)) {
            close();
            rows.push(days.row());
        }
        if (row.kind === "event" && TOGETHER.has(row.events[0].type)) {
            together.push(row);
        } else {
            close();
            rows.push(row);
        }
    });
    close();
    if (past.end) {
        rows.push(...hole(past, null, past.entries.length ? "end" : "start"));
    }
    rows.push(...past.outbox);
    return {rows, index: new Map(rows.map((row, at) => [row.id, at]))};
}

/**
 * @param {Row[]} rows
 * @param {Map<string, Row>} merged
 */
function asOne(rows, merged) {
    const {id, at} = rows[0];
    const events = rows.flatMap((row) => row.events);
    let row = merged.get(id);
    if (!row) {
        row = blank("event", id, at);
        merged.set(id, row);
    }
    if (row.events.length !== events.length) {
        row.version++;
    }
    row.events = events;
    return row;
}

/**
 * The row of a hole; none where there is nothing that could ever be read.
 * @param {Past} past
 * @param {Entry|null} entry
 * @param {"start"|"middle"|"end"} edge
 */
function hole(past, entry, edge) {
    const gap = entry ? entry.gap : past.end;
    if (edge !== "middle" && (!past.most || gap?.state === "denied")) {
        return [];
    }
    const asked = past.asking && past.asking.hole === gap;
    const row = blank("hole", holeId(entry), entry ? entry.at : Infinity);
    row.hole = {edge, state: asked ? "asked" : gap?.state ?? "unread"};
    return [row];
}

/** The days on which something was said, as they are where the browser is. */
class Days {
    constructor() {
        this._from = Infinity;
        this._to = -Infinity;
    }

    /**
     * Whether another day has begun.
     * @param {number} at
     */
    isNew(at) {
        if (at >= this._from && at < this._to) {
            return false;
        }
        const day = new Date(at);
        day.setHours(0, 0, 0, 0);
        this._from = day.getTime();
        day.setDate(day.getDate() + 1);
        this._to = day.getTime();
        return true;
    }

    row() {
        const day = new Date(this._from);
        const name = [day.getFullYear(), day.getMonth() + 1, day.getDate()];
        return blank("day", `day:${name.map((each) => String(each).padStart(2, "0")).join("-")}`, this._from);
    }
}
