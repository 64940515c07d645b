/**
 * What to ask of the past, and what an answer covers.  https://ircv3.net/specs/extensions/chathistory
 */

/** @typedef {import("./past.js").Past} Past */
/** @typedef {import("./entries.js").Hole} Hole */
/** @typedef {import("./rows.js").Entry} Entry */

/**
 * A place in the past: a time in milliseconds, and an id among those of that time.
 * @typedef {{at: number, id: string}} Key
 */

/**
 * A CHATHISTORY: its parameters but for the target, and between which places (`low`, `high`; null: open) it asks.
 * `hole` is what it is to fill (null: something else was wanted).  `timed`: it points by times, not by ids.
 * @typedef {object} Question
 * @property {"LATEST"|"BEFORE"|"BETWEEN"|"AROUND"} way
 * @property {Key|null} low
 * @property {Key|null} high
 * @property {string[]} points
 * @property {number} limit
 * @property {Hole|null} hole
 * @property {boolean} timed
 * @property {Question|null} otherwise  what to ask where the server knows an id no more
 */

/** @typedef {{key: Key, text: string, timed: boolean}} Point */

export const PAGE = 100;
export const BACK = 60;
/**
 * Milliseconds after which a hole of which other servers may know is asked for again: soon at first, for what is not
 * written yet is told so, too.
 */
export const SOON = 2000;
const AGAIN = 60_000;
const LAST = "\uffff";
/** @type {Key} */
export const BEGINNING = {at: -Infinity, id: ""};
/** @type {Key} */
export const END = {at: Infinity, id: ""};

/**
 * Below 0 if `a` stands before `b`.
 * @param {Key} a
 * @param {Key} b
 */
export function compare(a, b) {
    return a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/**
 * The parameters of a question about a target.
 * @param {Question} question
 * @param {string} target
 */
export function paramsOf(question, target) {
    return [question.way, target, ...question.points, String(question.limit)];
}

/**
 * What to ask next, for somebody who sees the rows from one id to another (null: the newest): the newest hole first,
 * and none that is not seen; but what was said while there was no connection is asked for wherever one looks.
 * @param {Past} past
 * @param {{first: string, last: string}|null} visible
 * @param {number} now
 * @returns {Question|null}
 */
export function choose(past, visible, now) {
    if (!past.most || past.asking) {
        return null;
    }
    const rows = past.rows();
    const [first, last] = visible
        ? [past.index(visible.first), past.index(visible.last)] : [Math.max(0, rows.length - 1), rows.length - 1];
    for (let at = past.entries.length; at >= 0; at--) {
        const entry = past.entries[at] ?? null;
        const hole = entry ? entry.gap : past.end;
        if (!hole || !wants(hole, now)) {
            continue;
        }
        const shown = past.index(holeId(entry));
        const within = visible ? shown >= first && shown <= last : shown >= first - BACK;
        const seen = within || (!entry && !hole.far);
        if (seen) {
            return filling(past, at, hole);
        }
    }
    return null;
}

/**
 * The id of the row that shows the hole before an entry.
 * @param {Entry|null} entry
 */
export function holeId(entry) {
    return `hole:${entry ? entry.id : "end"}`;
}

/**
 * @param {Hole} hole
 * @param {number} now
 */
function wants(hole, now) {
    return hole.state === "unread" || (hole.state === "incomplete" && now - hole.triedAt >= pause(hole));
}

/**
 * How long (milliseconds) a hole is left alone that was asked for in vain.
 * @param {Hole} hole
 */
export function pause(hole) {
    return hole.tries <= 1 ? SOON : AGAIN;
}

/**
 * The question that fills the hole before the entry of an index.
 * @param {Past} past
 * @param {number} at
 * @param {Hole} hole
 * @returns {Question}
 */
function filling(past, at, hole) {
    const entry = past.entries[at] ?? null;
    let below = at - 1;
    if (hole.state === "incomplete") {
        while (below >= 0 && past.entries[below].at >= hole.since) {
            below--;
        }
    }
    const make = (/** @type {boolean} */ timed) =>
        question(
            below < 0 ? null : lower(past, below, timed), entry && upper(past, at, timed), past.most, hole, timed,
        );
    const asked = make(false);
    return {...asked, otherwise: asked.timed ? null : make(true)};
}

/**
 * @param {Point|null} low
 * @param {Point|null} high
 * @param {number} most
 * @param {Hole} hole
 * @param {boolean} timed
 * @returns {Question}
 */
function question(low, high, most, hole, timed) {
    const common = {
        low: low && low.key, high: high && high.key, hole,
        timed: timed || ((!low || low.timed) && (!high || high.timed)), otherwise: null,
        limit: Math.min(high && !low ? BACK : PAGE, most),
    };
    if (high && low) {
        return {...common, way: "BETWEEN", points: [high.text, low.text]};
    }
    if (high) {
        return {...common, way: "BEFORE", points: [high.text]};
    }
    return {...common, way: "LATEST", points: [low ? low.text : "*"]};
}

/**
 * A page around one message, which is a piece of its own.
 * @param {Past} past
 * @param {string} msgid
 * @returns {Question|null}
 */
export function jump(past, msgid) {
    return past.most ? {
        way: "AROUND", low: null, high: null, points: [`msgid=${msgid}`], limit: Math.min(BACK, past.most), hole: null,
        timed: false, otherwise: null,
    } : null;
}

/**
 * A point of which what is above is asked for: the last message at or below an index that the server knows by its
 * id, or else a time.
 * @param {Past} past
 * @param {number} index
 * @param {boolean} timed
 * @returns {Point}
 */
function lower(past, index, timed) {
    for (let at = index; at >= 0 && !timed; at--) {
        const entry = past.entries[at];
        if (entry.stored) {
            return {key: entry, text: `msgid=${entry.id}`, timed: false};
        }
        if (entry.gap) {
            break;
        }
    }
    const at = past.entries[index].at - 1;
    return {key: {at, id: LAST}, text: `timestamp=${iso(at)}`, timed: true};
}

/**
 * A point of which what is below is asked for.
 * @param {Past} past
 * @param {number} index
 * @param {boolean} timed
 * @returns {Point}
 */
function upper(past, index, timed) {
    for (let at = index; at < past.entries.length && !timed; at++) {
        const entry = past.entries[at];
        if (at > index && entry.gap) {
            break;
        }
        if (entry.stored) {
            return {key: entry, text: `msgid=${entry.id}`, timed: false};
        }
    }
    const at = past.entries[index].at + 1;
    return {key: {at, id: ""}, text: `timestamp=${iso(at)}`, timed: true};
}

/** @param {number} at */
export function iso(at) {
    return new Date(at).toISOString();
}

/**
 * Between which places the answer to a question tells all there is; null: of nothing.
 * @param {Question} question
 * @param {Entry|null} first  the oldest of the page
 * @param {Entry|null} last
 * @param {boolean} ended
 * @returns {{low: Key, high: Key}|null}
 */
export function covered(question, first, last, ended) {
    if (question.way === "AROUND") {
        if (ended) {
            return {low: BEGINNING, high: END};
        }
        return first && last && {low: first, high: last};
    }
    const low = ended ? question.low ?? BEGINNING : first;
    return low && {low, high: question.high ?? END};
}
