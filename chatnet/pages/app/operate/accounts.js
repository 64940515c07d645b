// @ts-check
/** Accounts: which there are, what is known of one; suspending it, ending that, and taking it for verified. */
import {field, form, frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {colour} from "../format.js";
import {when} from "./figures.js";
import {wrong} from "./office.js";
import {sheet} from "./sheet.js";
import {say} from "../words.js";

const LENGTHS = ["1d", "7d", "30d", ""];
/** What an account is in words, but for one that is as it should be. */
const STATES = new Set(["pending", "suspended", "dropped"]);

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
    const told = h("div", {role: "status"});
    const list = h("ul", {class: "sheet"});
    const more = h("p");
    const look = async (/** @type {string} */ next) => {
        const wanted = new URLSearchParams({mask: mask.value.trim() || "*"});
        try {
            const found = await office.api.get(next || `/accounts?${wanted}`);
            sheet(list, more, found, row, {next, none: say("operate.accounts.none"), look});
        } catch (error) {
            fill(told, h("p", {class: "wrong", role: "alert"}, wrong(error)));
        }
    };
    const search = h(
        "form",
        {class: "find", role: "search", novalidate: true},
        field(say("operate.accounts.mask"), mask),
        h("button", {type: "submit", class: "button main"}, say("operate.find")),
    );
    search.addEventListener("submit", (event) => {
        event.preventDefault();
        fill(told);
        look("");
    });
    fill(place, h("p", {class: "small soft"}, say("operate.accounts.lead")), search, told, list, more);
    look("");

    /** @param {any} account @returns {HTMLElement} */
    function row(account) {
        const {name, nicks, state, online, reason} = account;
        const others = nicks.filter((/** @type {string} */ nick) => nick.toLowerCase() !== name.toLowerCase());
        const facts = [
            others.length > 0 && others.join(", "),
            say("operate.account.made", {at: when(account.created_at)}),
            online.length > 0 && say("operate.account.online", {nicks: online.join(", ")}),
        ];
        return h(
            "li",
            {"data-id": account.id},
            h("span", {class: `avatar c${colour(name)}`, "aria-hidden": "true"}, [...name][0] ?? "?"),
            h(
                "div",
                {class: "what"},
                h("b", null, name),
                state === "suspended" && reason && h("span", null, reason),
                h("span", {class: "small soft"}, facts.filter(Boolean).join(" · ")),
            ),
            STATES.has(state) && h("span", {class: `state ${state}`}, say(`operate.account.state.${state}`)),
            h("div", {class: "deeds"}, button(say("operate.person.more"), () => show(account)), ...deeds(account)),
        );
    }

    /** @param {any} account */
    function deeds({id, name, state}) {
        if (state === "suspended")
            return [button(say("operate.account.restore"), () => change(id, name, {suspended: false}, "restored"))];
        const verify = () => change(id, name, {verified: true}, "verified");
        return [
            state === "pending" && button(say("operate.account.verify"), verify),
            state !== "dropped" && button(say("operate.account.suspend"), () => suspend(id, name), "danger"),
        ];
    }

    /** @param {any} account */
    function show({id, name, nicks, state, created_at: at, online, reason}) {
        const facts = /** @type {[string, string][]} */ ([
            ["operate.account.id", id],
            ["operate.account.nicks", nicks.join(", ")],
            ["operate.account.state", say(`operate.account.state.${STATES.has(state) ? state : "active"}`)],
            ["operate.reason", reason ?? ""],
            ["operate.channel.made", when(at)],
            ["operate.account.logged", online.join(", ")],
        ]).filter(([, words]) => words);
        frame(name, h("dl", null, ...facts.flatMap(([key, words]) => [h("dt", null, say(key)), h("dd", null, words)])));
    }

    /** What it is then stands in its row. @param {string} id @param {string} name @param {object} body @param {string} done */
    async function change(id, name, body, done) {
        try {
            const account = await office.api.patch(`/accounts/${encodeURIComponent(name)}`, body);
            list.querySelector(`[data-id="${CSS.escape(id)}"]`)?.replaceWith(row(account));
            fill(told, h("p", {class: "right"}, say(`operate.account.${done}`, {name})));
            return null;
        } catch (error) {
            fill(told, h("p", {class: "wrong"}, wrong(error)));
            return wrong(error);
        }
    }

    /** @param {string} id @param {string} name */
    function suspend(id, name) {
        const why = h("input", {maxlength: "300", autocomplete: "off"});
        const length = h(
            "select",
            null,
            ...LENGTHS.map((each) => h("option", {value: each, selected: each === "7d"}, say(`operate.ban.for.${each}`))),
        );
        const {close} = frame(
            say("operate.account.suspend.title", {name}),
            h("p", {class: "soft"}, say("operate.account.suspend.lead")),
            form(
                say("operate.account.suspend"),
                async () => {
                    const reason = why.value.trim();
                    if (!reason) return say("operate.account.suspend.none");
                    const body = {suspended: true, reason, ...(length.value && {duration: length.value})};
                    const refused = await change(id, name, body, "suspended");
                    if (refused === null) close();
                    return refused;
                },
                h("div", {class: "pair"}, field(say("operate.ban.for"), length), field(say("operate.reason"), why)),
            ),
        );
    }
}
