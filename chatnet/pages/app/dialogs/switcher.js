// @ts-check
/** Ctrl-K: a few letters, Enter, and one is there. */
import {frame} from "../dialogs.js";
import {composing, fill, h} from "../dom.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */

const SHOWN = 12;

/** @param {Desk} desk */
export function open(desk) {
    const input = h("input", {
        type: "text",
        role: "combobox",
        "aria-expanded": "true",
        "aria-controls": "switches",
        "aria-autocomplete": "list",
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
        "aria-label": say("switch.find"),
        placeholder: say("switch.find"),
        autofocus: true,
    });
    const list = h("ul", {class: "results", role: "listbox", id: "switches", "aria-label": say("switch.title")});
    const none = h("p", {class: "soft small", hidden: true}, say("switch.none"));
    /** @type {string[]} */
    let found = [];
    let chosen = 0;
    const {close} = frame(say("switch.title"), input, list, none);
    const go = (/** @type {string} */ name) => {
        close();
        if (desk.isChannel(name)) desk.join(name).then((wrong) => wrong && desk.dialog("join", name));
        else desk.show(name);
    };
    const draw = () => {
        const wanted = input.value.trim().toLowerCase();
        const {channels, people} = desk.targets();
        const known = [...channels, ...people];
        const fresh = (/** @type {any} */ each) => (each.mentions ? 2 : each.unread ? 1 : 0);
        const names = wanted
            ? known
                  .map((each) => each.name)
                  .filter((name) => name.toLowerCase().includes(wanted))
                  .sort((one, other) => place(one, wanted) - place(other, wanted))
            : known
                  .filter((each) => each !== desk.open)
                  .sort((one, other) => fresh(other) - fresh(one))
                  .map((each) => each.name);
        const others =
            wanted.length > 1
                ? [...desk.model.people.values()]
                      .map((person) => person.nick)
                      .filter(
                          (nick) => nick.toLowerCase().startsWith(wanted) && !names.includes(nick) && !desk.isMe(nick),
                      )
                : [];
        found = [...names, ...others].slice(0, SHOWN);
        chosen = 0;
        none.hidden = found.length > 0 || !wanted;
        fill(
            list,
            ...found.map((name, index) => {
                const target = desk.model.targets.get(desk.fold(name));
                return h(
                    "li",
                    {
                        class: "hit",
                        role: "option",
                        id: `switch${index}`,
                        "aria-selected": String(index === 0),
                        onclick: () => go(name),
                    },
                    name,
                    target?.unread ? h("span", {class: "small"}, say("unread", {n: target.unread})) : null,
                );
            }),
        );
        mark(0);
    };
    const mark = (/** @type {number} */ index) => {
        list.children[chosen]?.setAttribute("aria-selected", "false");
        chosen = found.length ? (index + found.length) % found.length : 0;
        const now = list.children[chosen];
        now?.setAttribute("aria-selected", "true");
        now?.scrollIntoView({block: "nearest"});
        if (now) input.setAttribute("aria-activedescendant", now.id);
        else input.removeAttribute("aria-activedescendant");
    };
    input.addEventListener("input", draw);
    input.addEventListener("keydown", (event) => {
        if (composing(event)) return;
        if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(chosen + (event.key === "ArrowDown" ? 1 : -1));
        else if (event.key === "Enter") go(found[chosen] ?? input.value.trim());
        else return;
        event.preventDefault();
    });
    draw();
}

/** What begins so comes first. @param {string} name @param {string} wanted */
function place(name, wanted) {
    return name.toLowerCase().replace(/^[#&]/, "").indexOf(wanted.replace(/^[#&]/, ""));
}
