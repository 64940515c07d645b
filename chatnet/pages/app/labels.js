/**
 * Which line answers which question.  https://ircv3.net/specs/extensions/labeled-response
 */

import {isBatch, lines} from "./batches.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./batches.js").Item} Item */

/** The server's no: a FAIL, with its code, or a numeric. */
export class Refusal extends Error {
    /**
     * @param {Message} message
     * @param {Message[]} answer  all of it
     */
    constructor(message, answer) {
        super(message.params[message.params.length - 1] ?? message.verb);
        this.name = "Refusal";
        this.code = message.verb === "FAIL" ? message.params[1] ?? "FAIL" : message.verb;
        this.verb = message.verb;
        this.params = message.params;
        this.answer = answer;
    }
}

/** There is no answer, and there will be none: the connection is gone, or nothing came for too long. */
export class Unanswered extends Error {
    /** @param {string} why */
    constructor(why) {
        super(why);
        this.name = "Unanswered";
    }
}

/**
 * A question: `done` gets the answer, `failed` why there is none.  `told`: it is the one who asked who tells of a
 * refusal, `aside`: and of what is said.  `page`: what the answer is told of is the past.
 * @typedef {object} Request
 * @property {(items: Item[]) => void} done
 * @property {(error: Error) => void} failed
 * @property {boolean} told
 * @property {boolean} aside
 * @property {boolean} page
 * @property {number} until
 */

export class Labels {
    constructor() {
        /** @type {Map<string, Request>} */
        this._waiting = new Map();
        this._number = 0;
    }

    /**
     * A label for a question.
     * @param {Request} request
     */
    open(request) {
        this._number += 1;
        const label = this._number.toString(36);
        this._waiting.set(label, request);
        return label;
    }

    /**
     * The question that this answers, or null, and the answer.
     * @param {Item} item
     * @returns {{request: Request|null, items: Item[]}}
     */
    take(item) {
        const label = (isBatch(item) ? item.opened : item).tags.get("label") ?? "";
        const request = this._waiting.get(label) ?? null;
        this._waiting.delete(label);
        if (isBatch(item) && item.type === "labeled-response") {
            return {request, items: item.items};
        }
        return {request, items: !isBatch(item) && item.verb === "ACK" ? [] : [item]};
    }

    /**
     * None of these will be answered.
     * @param {string} why
     * @param {number} [until]  those only whose time is over then
     */
    fail(why, until = Infinity) {
        for (const [label, request] of this._waiting) {
            if (request.until <= until) {
                this._waiting.delete(label);
                request.failed(new Unanswered(why));
            }
        }
    }
}

/**
 * The refusal in an answer, or null.
 * @param {Item[]} items
 */
export function refusalIn(items) {
    const answer = items.flatMap(lines);
    const refused = answer.find((line) => line.verb === "FAIL" || /^[45][0-9][0-9]$/.test(line.verb));
    return refused ? new Refusal(refused, answer) : null;
}
