/**
 * Lines that belong together: from the flow of lines to whole batches.  https://ircv3.net/specs/extensions/batch
 */

/** @typedef {import("./wire.js").Message} Message */

/**
 * A batch that is whole: `type` as `chathistory`, what opened it, and what is in it, other batches too.
 * @typedef {object} Batch
 * @property {string} type
 * @property {string[]} params
 * @property {Message} opened
 * @property {Item[]} items
 */

/** @typedef {Message|Batch} Item */

const MULTILINE = "draft/multiline";
const CONCAT = "draft/multiline-concat";

/**
 * Whether that is a batch, not a line.
 * @param {Item} item
 * @returns {item is Batch}
 */
export function isBatch(item) {
    return "items" in item;
}

/**
 * All lines of it, one after another.
 * @param {Item} item
 * @returns {Message[]}
 */
export function lines(item) {
    return isBatch(item) ? item.items.flatMap(lines) : [item];
}

/** The batches of one connection. */
export class Batches {
    constructor() {
        /** @type {Map<string, Batch>} */
        this._open = new Map();
    }

    /** Nothing that is open will ever be whole: the connection is gone. */
    clear() {
        this._open.clear();
    }

    /**
     * Take a line; what has come whole with it, or null.  A message of several lines is one message, whose text
     * has line feeds.
     * @param {Message} message
     * @returns {Item|null}
     */
    take(message) {
        if (message.verb === "BATCH" && message.params.length) {
            const sign = message.params[0][0];
            const reference = message.params[0].slice(1);
            if (sign === "+") {
                const [, type = "", ...params] = message.params;
                this._open.set(reference, {type, params, opened: message, items: []});
                return null;
            }
            const batch = this._open.get(reference);
            this._open.delete(reference);
            return batch ? this._put(batch.opened, batch.type === MULTILINE ? joined(batch) : batch) : null;
        }
        return this._put(message, message);
    }

    /**
     * @param {Message} first
     * @param {Item|null} item
     * @returns {Item|null}
     */
    _put(first, item) {
        const outer = this._open.get(first.tags.get("batch") ?? "");
        if (outer && item) {
            outer.items.push(item);
            return null;
        }
        return item;
    }
}

/**
 * The one message that a batch of type `draft/multiline` is.  https://ircv3.net/specs/extensions/multiline
 * @param {Batch} batch
 * @returns {Message|null}
 */
function joined(batch) {
    const parts = batch.items.flatMap(lines);
    if (!parts.length) {
        return null;
    }
    let text = parts[0].params[1] ?? "";
    for (const part of parts.slice(1)) {
        text += (part.tags.has(CONCAT) ? "" : "\n") + (part.params[1] ?? "");
    }
    const opened = batch.opened;
    return {...opened, verb: parts[0].verb, params: [batch.params[0] ?? parts[0].params[0], text]};
}
