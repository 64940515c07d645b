// @ts-check
/** People of the whole network, found by what they have; who they are, and what can be done about them. */
import {field, form, frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {colour} from "../format.js";
import {ban} from "./banning.js";
import {when} from "./figures.js";
import {wrong} from "./office.js";
import {sheet} from "./sheet.js";
import {say} from "../words.js";

const BY = ["nick", "host", "address", "account", "server"];

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function view(office, place) {
    const mask = h("input", {
        type: "search",
        value: "*",
        maxlength: "200",
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
    });
    const by = h("select", null, ...BY.map((each) => h("option", {value: each}, say(`operate.people.by.${each}`))));
    const trouble = h("div");
    const list = h("ul", {class: "sheet"});
    const more = h("p");
    const look = async (/** @type {string} */ next) => {
        const wanted = new URLSearchParams({mask: mask.value.trim() || "*", by: by.value});
        try {
            const found = await office.api.get(next || `/network/users?${wanted}`);
            sheet(list, more, found, row, {next, none: say("operate.people.none"), look});
            return null;
        } catch (error) {
            return wrong(error);
        }
    };
    const search = h(
        "form",
        {class: "find", role: "search", novalidate: true},
        field(say("operate.people.mask"), mask),
        field(say("operate.people.by"), by),
        h("button", {type: "submit", class: "button main"}, say("operate.find")),
    );
    const find = async () => {
        const words = await look("");
        fill(trouble, words && h("p", {class: "wrong", role: "alert"}, words));
    };
    search.addEventListener("submit", (event) => {
        event.preventDefault();
        find();
    });
    by.addEventListener("change", find);
    fill(place, h("p", {class: "small soft"}, say("operate.people.lead")), search, trouble, list, more);
    find();

    /** @param {any} user */
    function row(user) {
        const address = user.address ?? user.host;
        const signs = [user.operator && say("oper"), user.bot && say("bot"), user.away && say("person.away")];
        return h(
            "li",
            {"data-nick": user.nick},
            h("span", {class: `avatar c${colour(user.nick)}`, "aria-hidden": "true"}, [...user.nick][0] ?? "?"),
            h(
                "div",
                {class: "what"},
                h("b", null, user.nick),
                h("span", {class: "small soft"}, [user.account && `@${user.account}`, ...signs].filter(Boolean).join(" · ")),
                h("span", {class: "small soft"}, [`${user.user}@${address}`, user.server].join(" · ")),
            ),
            h(
                "div",
                {class: "deeds"},
                button(say("operate.person.more"), () => show(user)),
                office.may("kill") && button(say("operate.person.kill"), () => kill(user.nick), "danger"),
                office.may("bans") && button(say("operate.person.ban"), () => ban(office, {target: address}, find), "danger"),
            ),
        );
    }

    /** @param {any} user */
    function show(user) {
        const facts = /** @type {[string, string][]} */ ([
            ["person.account", user.account ?? ""],
            ["operate.person.realname", user.realname],
            ["operate.person.shown", `${user.user}@${user.host}`],
            ["operate.person.host", user.real_host ?? ""],
            ["person.host", user.address ?? ""],
            ["person.server", user.server],
            ["person.since", when(user.signon)],
            ["person.channels", String(user.channels)],
            ["operate.person.secure", say(user.secure ? "operate.yes" : "operate.no")],
        ]).filter(([, words]) => words);
        frame(user.nick, h("dl", null, ...facts.flatMap(([key, words]) => [h("dt", null, say(key)), h("dd", null, words)])));
    }

    /** @param {string} nick */
    function kill(nick) {
        const why = h("input", {maxlength: "300", autocomplete: "off"});
        const {close} = frame(
            say("operate.kill.title", {nick}),
            h("p", {class: "soft"}, say("operate.kill.lead")),
            form(
                say("operate.person.kill"),
                async () => {
                    try {
                        await office.api.post(`/network/users/${encodeURIComponent(nick)}/kill`, {reason: why.value.trim()});
                    } catch (error) {
                        return wrong(error);
                    }
                    close();
                    list.querySelector(`[data-nick="${CSS.escape(nick)}"]`)?.remove();
                    return null;
                },
                field(say("operate.reason"), why),
            ),
        );
    }
}
