// @ts-check
/** What all views of the operators' page share: the API, what one may, and what happens meanwhile. */
import {later} from "../api.js";
import {fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {read} from "./stream.js";

const AGAIN = 5;
const TYPES = "notice,link,ban";

/** Says each event by its type, and `hearing` when it begins to hear, or no longer does. */
export class Office extends EventTarget {
    /** Why nothing is heard; "": all is. */
    deaf = "";
    #over = new AbortController();

    /**
     * @param {import("../api.js").Api} api
     * @param {any} me as `/me` tells it
     * @param {import("../room.js").Room | null} room the chat, for who is in it
     */
    constructor(api, me, room) {
        super();
        this.api = api;
        this.me = me;
        this.room = room;
        this.#listen();
    }

    /** @param {string} privilege */
    may(privilege) {
        return this.me.privileges.includes(privilege);
    }

    close() {
        this.#over.abort();
    }

    /**
     * Do something now, and again every so many seconds while the page is seen, until `within` is not there any more.
     * @param {number} seconds
     * @param {Element} within
     * @param {() => void} go
     */
    every(seconds, within, go) {
        const timer = setInterval(() => {
            if (this.#over.signal.aborted || !within.isConnected) clearInterval(timer);
            else if (!document.hidden) go();
        }, seconds * 1000);
        go();
    }

    /**
     * Hear of something until `within` is not there any more.
     * @param {string} type
     * @param {Element} within
     * @param {(detail: any) => void} go
     */
    hear(type, within, go) {
        const heard = (/** @type {Event} */ event) => {
            if (within.isConnected) go(/** @type {CustomEvent} */ (event).detail);
            else this.removeEventListener(type, heard);
        };
        this.addEventListener(type, heard);
    }

    async #listen() {
        const {signal} = this.#over;
        const hear = (/** @type {any} */ event) => {
            this.#heard("");
            this.dispatchEvent(new CustomEvent(event.type, {detail: event}));
        };
        let soon = false; // it came too soon the last time
        while (!signal.aborted) {
            let wait = AGAIN;
            try {
                this.#heard("");
                await read(`/api/v1/events?types=${TYPES}`, this.api.token, hear, signal);
                soon = false;
            } catch (error) {
                const {status, after} = /** @type {any} */ (error);
                soon = status === 429 && !soon;
                if (soon) wait = after || AGAIN;
                else if (!signal.aborted) this.#heard(reason(error));
            }
            await later(wait);
        }
    }

    /** @param {string} deaf */
    #heard(deaf) {
        if (deaf === this.deaf) return;
        this.deaf = deaf;
        this.dispatchEvent(new CustomEvent("hearing", {detail: deaf}));
    }
}

/** What a problem says, with each of its mistakes. @param {any} error */
export function wrong(error) {
    const mistakes = (error?.errors ?? []).map((/** @type {any} */ each) => each.detail);
    return mistakes.length ? mistakes.join(" ") : reason(error);
}

/**
 * Put what was asked for into a place, or why it is not there.
 * @template T
 * @param {Element} place
 * @param {Promise<T>} asked
 * @param {(found: T) => import("../dom.js").Child[]} draw
 */
export async function put(place, asked, draw) {
    try {
        fill(place, ...draw(await asked));
    } catch (error) {
        fill(place, h("p", {class: "wrong", role: "alert"}, wrong(error)));
    }
}
