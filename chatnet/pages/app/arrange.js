// @ts-check
/** How the rows of a past are laid out: whose name is shown, where the new ones begin, who comes and goes unseen. */

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").Happening} Happening */
/**
 * One thing of the list that is shown.
 * @typedef {object} Item
 * @property {string} key tells it from all others, and stays the same
 * @property {"message" | "events" | "split" | "hole" | "day" | "new"} kind
 * @property {number} at
 * @property {boolean} first a message that shows its author
 * @property {Row | null} row
 * @property {Happening[]} events that are told in one row
 */

const TOGETHER = 5 * 60_000;
const COMING = new Set(["join", "part", "quit"]);

/**
 * @param {Row[]} rows in the order of the past
 * @param {object} how
 * @param {number | null} how.newAt what is later is new; null: nothing is
 * @param {string} how.joins "fold", "show" or "hide": what is done with those who come and go
 * @param {boolean} how.holes whether what is missing can be asked for
 * @param {(nick: string) => boolean} how.isMe
 * @returns {Item[]}
 */
export function arrange(rows, {newAt, joins, holes, isMe}) {
    /** @type {Item[]} */
    const items = [];
    let marked = newAt === null;
    /** @type {Row | null} */
    let head = null; // the message whose author is shown
    for (const row of rows) {
        if (row.kind === "day" || row.kind === "hole" || row.kind === "split") {
            if (row.kind !== "hole" || holes) items.push(item(row.kind, row));
            head = null;
        } else if (row.kind === "event") {
            const made = happened(row, joins);
            if (made.length === 0) continue;
            items.push(...made);
            head = null;
        } else {
            if (!marked && row.at > /** @type {number} */ (newAt) && !isMe(row.nick) && row.kind !== "outbox") {
                marked = true;
                items.push({key: "new", kind: "new", at: row.at, first: false, row: null, events: []});
                head = null;
            }
            const made = item("message", row);
            made.first = !head || !follows(row, head);
            if (made.first) head = row;
            items.push(made);
        }
    }
    return items;
}

/** @param {Item["kind"]} kind @param {Row} row @returns {Item} */
function item(kind, row) {
    return {key: row.id, kind, at: row.at, first: false, row, events: row.events};
}

/** Whether a message stands under the name that is shown already. @param {Row} row @param {Row} head */
function follows(row, head) {
    const alike = row.kind === head.kind || (row.kind === "outbox" && head.kind === "message");
    return alike && row.nick === head.nick && row.kind !== "action" && !row.replyTo && row.at - head.at < TOGETHER;
}

/** @param {Row} row @param {string} joins @returns {Item[]} */
function happened(row, joins) {
    if (joins === "show")
        return row.events.map((event) => ({
            key: event.id,
            kind: "events",
            at: event.at,
            first: false,
            row,
            events: [event],
        }));
    const events = joins === "hide" ? row.events.filter((event) => !COMING.has(event.type)) : row.events;
    return events.length ? [{...item("events", row), events}] : [];
}
