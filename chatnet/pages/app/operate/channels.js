// @ts-check
/** Channels: which there are, who is in one, and its topic and modes for who may change any. */
import {field, form, frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {plain as bare} from "../text.js";
import {plain, when} from "./figures.js";
import {put, wrong} from "./office.js";
import {sheet} from "./sheet.js";
import {say} from "../words.js";

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function view(office, place) {
    const part = h("input", {type: "search", maxlength: "100", autocomplete: "off", autocapitalize: "none", spellcheck: "false"});
    const trouble = h("div");
    const list = h("ul", {class: "sheet"});
    const more = h("p");
    const look = async (/** @type {string} */ next) => {
        const wanted = part.value.trim();
        try {
            const found = await office.api.get(next || `/channels${wanted ? `?q=${encodeURIComponent(wanted)}` : ""}`);
            sheet(list, more, found, row, {next, none: say("operate.channels.none"), look});
            fill(trouble);
        } catch (error) {
            fill(trouble, h("p", {class: "wrong", role: "alert"}, wrong(error)));
        }
    };
    const search = h(
        "form",
        {class: "find", role: "search", novalidate: true},
        field(say("operate.channels.name"), part),
        h("button", {type: "submit", class: "button main"}, say("operate.find")),
    );
    search.addEventListener("submit", (event) => {
        event.preventDefault();
        look("");
    });
    fill(place, search, trouble, list, more);
    look("");

    /** @param {any} channel */
    function row(channel) {
        const facts = [say("door.people", {n: channel.members}), channel.registered && say("operate.channel.registered")];
        return h(
            "li",
            null,
            h(
                "div",
                {class: "what"},
                h("b", null, channel.name),
                channel.topic && h("span", null, bare(channel.topic)),
                h("span", {class: "small soft"}, facts.filter(Boolean).join(" · ")),
            ),
            h("div", {class: "deeds"}, button(say("operate.person.more"), () => show(channel.name))),
        );
    }

    /** @param {string} name */
    function show(name) {
        const facts = h("div");
        const members = h("p", {class: "members"});
        const path = `/channels/${encodeURIComponent(name)}`;
        const topic = h("input", {maxlength: "390", autocomplete: "off"});
        const modes = h("input", {maxlength: "200", autocomplete: "off", autocapitalize: "none", spellcheck: "false", placeholder: "+m-t"});
        /** @type {any} */
        let known = null;
        const draw = () =>
            put(facts, office.api.get(path), (channel) => {
                known = channel;
                topic.value = channel.topic ?? "";
                const lines = /** @type {[string, string][]} */ ([
                    ["channel.topic", bare(channel.topic ?? "")],
                    ["channel.modes", channel.modes ?? ""],
                    ["operate.channel.made", channel.created_at ? when(channel.created_at) : ""],
                    ["people", plain(channel.members)],
                ]).filter(([, words]) => words);
                return [h("dl", null, ...lines.flatMap(([key, words]) => [h("dt", null, say(key)), h("dd", null, words)]))];
            });
        const change = form(
            say("operate.channel.change"),
            async () => {
                const other = topic.value !== (known?.topic ?? "");
                const body = {...(other && {topic: topic.value}), ...(modes.value.trim() && {modes: modes.value.trim()})};
                if (!Object.keys(body).length) return say("operate.channel.same");
                try {
                    await office.api.patch(path, body);
                } catch (error) {
                    return wrong(error);
                }
                modes.value = "";
                draw();
                return null;
            },
            field(say("channel.topic"), topic),
            field(say("channel.modes"), modes, say("operate.channel.modes.more")),
        );
        frame(name, facts, h("h3", null, say("people")), members, office.may("channels") && change);
        draw();
        put(members, office.api.get(`${path}/members?limit=200`), ({items, next}) => [
            items.map((/** @type {any} */ each) => each.ranks + each.nick).join(", ") + (next ? " …" : ""),
        ]);
    }
}
