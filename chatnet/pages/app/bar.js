// @ts-check
/** `<chat-bar>`: what is wrong, or new, above the timeline; with a button that helps. */
import {button, fill, h} from "./dom.js";
import {say} from "./words.js";

/** @typedef {{key: string, words: string, bad?: boolean, deeds?: {words: string, go: () => void}[]}} Told */

export class ChatBar extends HTMLElement {
    /** @type {Map<string, Told>} */
    #told = new Map();
    #timer = 0;

    connectedCallback() {
        this.setAttribute("role", "status");
    }

    /** Tell something, or what has become of it. @param {Told} told */
    tell(told) {
        this.#told.set(told.key, told);
        this.#draw();
    }

    /** @param {string} key */
    drop(key) {
        if (this.#told.delete(key)) this.#draw();
    }

    /**
     * How the connection is.
     * @param {{state: string, reason: string, text: string, retryAt: number}} how
     * @param {() => void} retry
     */
    connection(how, retry) {
        clearTimeout(this.#timer);
        const {state, text, retryAt} = how;
        if (state === "LIVE") this.drop("connection");
        else if (state === "WAITING") {
            const left = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
            const why = how.reason === "full" ? say("bar.full", {text}) : sentence(text) || say("bar.lost");
            const words = `${why} ${say("bar.waiting", {n: left})}`;
            this.tell({key: "connection", words, bad: true, deeds: [{words: say("bar.now"), go: retry}]});
            this.#timer = window.setTimeout(() => this.connection(how, retry), 1000);
        } else if (state === "CONNECTING" || state === "GREETING")
            this.tell({key: "connection", words: say("bar.connecting")});
        else
            this.tell({
                key: "connection",
                words: how.reason === "killed" ? say("bar.killed", {text}) : text || say("bar.lost"),
                bad: true,
                deeds: [{words: say("bar.retry"), go: retry}],
            });
    }

    #draw() {
        fill(
            this,
            ...[...this.#told.values()].map(({words, bad, deeds}) =>
                h(
                    "div",
                    {class: bad ? "bar bad" : "bar"},
                    h("span", null, words),
                    ...(deeds ?? []).map((deed) => button(deed.words, deed.go, "link")),
                ),
            ),
        );
    }
}

/** Words of the server, behind which more is said. @param {string} text */
export function sentence(text) {
    return text && (/[.!?…)]$/.test(text) ? text : `${text}.`);
}

customElements.define("chat-bar", ChatBar);
