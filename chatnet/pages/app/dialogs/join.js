// @ts-check
/** Join a channel by its name, or one of those that are there; write to somebody. */
import {field, form, frame} from "../dialogs.js";
import {fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {plain} from "../text.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */

const DRAWN = 100;

/** @param {Desk} desk @param {string} [detail] a name to begin with */
export function open(desk, detail = "") {
    const name = h("input", {
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
        value: detail,
        autofocus: true,
        maxlength: "200",
    });
    const key = h("input", {autocomplete: "off", type: "text"});
    const list = h("ul", {class: "results"});
    const {close, within} = frame(
        say("join.title"),
        form(
            say("join.go"),
            async () => {
                if (!name.value.trim()) return say("join.none");
                const wrong = await desk.join(name.value.trim(), key.value || undefined);
                if (wrong === null) close();
                return wrong;
            },
            field(say("join.name"), name),
            field(say("join.key"), key),
        ),
        h("h3", null, say("join.list")),
        list,
    );
    /** @type {import("../state.js").Listed[]} */
    let all = [];
    const draw = () => {
        const wanted = name.value.trim().toLowerCase();
        const found = all.filter((each) => each.name.toLowerCase().includes(wanted)).slice(0, DRAWN);
        fill(
            list,
            ...found.map((each) =>
                h(
                    "li",
                    null,
                    h(
                        "button",
                        {
                            type: "button",
                            class: "hit",
                            onclick: async () => {
                                const wrong = await desk.join(each.name, key.value || undefined);
                                if (wrong === null) close();
                                else name.value = each.name;
                            },
                        },
                        h(
                            "span",
                            {class: "top"},
                            h("b", null, each.name),
                            h("span", {class: "small soft"}, say("join.people", {n: each.members})),
                        ),
                        each.topic && h("span", {class: "small soft"}, plain(each.topic)),
                    ),
                ),
            ),
            found.length === 0 && h("li", {class: "soft small"}, say("join.none")),
        );
    };
    name.addEventListener("input", draw);
    desk.learn("list", "LIST", []).then(
        (change) => {
            all = [...(change?.list ?? [])].sort((one, other) => other.members - one.members);
            draw();
        },
        (error) => within.append(h("p", {class: "wrong"}, reason(error))),
    );
}

/** @param {Desk} desk */
export function talk(desk) {
    const nick = h("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false", autofocus: true});
    const {close} = frame(
        say("talk.some"),
        form(
            say("talk.go"),
            async () => {
                const wanted = nick.value.trim();
                if (!wanted || /[\s,!@:]/.test(wanted) || desk.isChannel(wanted)) return say("door.nick.bad");
                close();
                desk.show(wanted);
                return null;
            },
            field(say("talk.nick"), nick),
        ),
    );
}
