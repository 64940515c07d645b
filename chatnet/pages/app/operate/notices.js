// @ts-check
/** What operators are told: the last of it, and more as it comes; by letters, and by words. */
import {fill, h} from "../dom.js";
import {put} from "./office.js";
import {clock, full} from "../times.js";
import {say} from "../words.js";

const LETTERS = "acfgkmnopqrx";
const KEPT = 500;

/** @typedef {{time: string, letter: string, server: string, text: string}} Notice */

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function view(office, place) {
    /** Newest first. @type {Notice[]} */
    let all = [];
    /** @type {Set<string>} */
    const hidden = new Set();
    const words = h("input", {type: "search", "aria-label": say("operate.notices.find"), placeholder: say("operate.notices.find"), autocomplete: "off"});
    const letters = h("div", {class: "letters", role: "group", "aria-label": say("operate.notices.letters")});
    const list = h("div");
    const deaf = h("div", {role: "status"});
    const draw = () => {
        const wanted = words.value.trim().toLowerCase();
        const found = all.filter(({letter, text}) => !hidden.has(letter) && text.toLowerCase().includes(wanted));
        fill(list, found.length ? rows(found) : h("p", {class: "soft"}, say("operate.notices.none")));
    };
    const tell = (/** @type {string} */ why) =>
        fill(deaf, why && h("p", {class: "wrong"}, say("operate.deaf", {reason: why})));
    fill(
        letters,
        ...[...LETTERS].map((letter) =>
            h(
                "button",
                {
                    type: "button",
                    class: "letter",
                    "aria-pressed": "true",
                    onclick: (/** @type {MouseEvent} */ event) => {
                        if (!hidden.delete(letter)) hidden.add(letter);
                        const pressed = String(!hidden.has(letter));
                        /** @type {HTMLElement} */ (event.currentTarget).setAttribute("aria-pressed", pressed);
                        draw();
                    },
                },
                h("b", {class: "mono"}, letter),
                say(`operate.letter.${letter}`),
            ),
        ),
    );
    words.addEventListener("input", draw);
    fill(place, letters, h("div", {class: "find"}, words), deaf, list);
    tell(office.deaf);
    put(list, office.api.get("/notices"), ({items}) => {
        all = items.reverse();
        draw();
        return [...list.childNodes];
    });
    office.hear("hearing", place, tell);
    office.hear("notice", place, (notice) => {
        all = [notice, ...all].slice(0, KEPT);
        draw();
    });
}

/** @param {Notice[]} notices */
export function rows(notices) {
    return h(
        "ol",
        {class: "told"},
        ...notices.map(({time, letter, server, text}) =>
            h(
                "li",
                null,
                h("time", {datetime: time, title: full(Date.parse(time))}, clock(Date.parse(time), "locale")),
                h("span", {class: "letter mono", title: LETTERS.includes(letter) ? say(`operate.letter.${letter}`) : server}, letter),
                h("span", {class: "text"}, text),
            ),
        ),
    );
}
