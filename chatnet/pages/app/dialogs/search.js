// @ts-check
/** What was said, by its words. */
import {frame} from "../dialogs.js";
import {fill, h, icon} from "../dom.js";
import {reason} from "../desk.js";
import {colour} from "../format.js";
import {plain} from "../text.js";
import {short} from "../times.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */

/** @param {Desk} desk */
export function open(desk) {
    const input = h("input", {
        type: "text",
        role: "searchbox",
        "aria-label": say("search.for"),
        placeholder: say("search.for"),
        autocomplete: "off",
        autofocus: true,
    });
    const here = desk.open?.name ?? "";
    let inHere = here !== "";
    const tabs = h("div", {class: "tabs", role: "group", "aria-label": say("search.title")});
    const list = h("ul", {class: "results", "aria-live": "polite"});
    const drawTabs = () =>
        fill(
            tabs,
            ...[true, false]
                .filter((each) => here || !each)
                .map((each) =>
                    h(
                        "button",
                        {
                            type: "button",
                            "aria-pressed": String(each === inHere),
                            onclick: () => {
                                inHere = each;
                                drawTabs();
                                look();
                            },
                        },
                        each ? say("search.here", {name: here}) : say("search.all"),
                    ),
                ),
        );
    const look = async () => {
        const text = input.value.trim();
        if (!text) return;
        try {
            const where = inHere ? `in=${escaped(here)};` : "";
            const change = await desk.learn("search", "SEARCH", [`${where}text=${escaped(text)};limit=50`]);
            draw(
                [...(change?.found ?? [])].sort((one, other) => other.row.at - one.row.at),
                text,
            );
        } catch (error) {
            fill(list, h("li", {class: "wrong"}, reason(error)));
        }
    };
    const draw = (/** @type {import("../state.js").Found[]} */ found, /** @type {string} */ text) =>
        fill(
            list,
            ...found.map(({target, row}) =>
                h(
                    "li",
                    null,
                    h(
                        "button",
                        {
                            type: "button",
                            class: "hit",
                            onclick: () => {
                                close();
                                desk.show(target);
                                desk.page.goTo(row.id);
                            },
                        },
                        h(
                            "span",
                            {class: "small"},
                            h("span", {class: `name nick c${colour(row.nick)}`}, row.nick),
                            short(row.at),
                            inHere ? "" : target,
                        ),
                        ...marked(plain(row.text), text),
                    ),
                ),
            ),
            found.length === 0 && h("li", {class: "soft"}, say("search.none")),
        );
    const form = h(
        "form",
        {class: "join", role: "search"},
        input,
        h("button", {type: "submit", class: "button main", "aria-label": say("search")}, icon("search")),
    );
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        look();
    });
    const {close} = frame(say("search.title"), form, tabs, list);
    drawTabs();
}

/** As values of tags are written, of which SEARCH is made. @param {string} text */
function escaped(text) {
    return text
        .replace(/\\/g, "\\\\")
        .replace(/;/g, "\\:")
        .replace(/ /g, "\\s")
        .replace(/[\r\n]/g, "\\s");
}

/** The words that were searched for stand out. @param {string} text @param {string} wanted @returns {(Node | string)[]} */
function marked(text, wanted) {
    const words = wanted
        .replace(/["*]/g, " ")
        .split(/\s+/)
        .filter(Boolean)
        .map((word) => word.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    if (!words.length) return [text];
    return text
        .split(new RegExp(`(${words.join("|")})`, "iu"))
        .map((part, index) => (index % 2 ? h("mark", null, part) : part));
}
