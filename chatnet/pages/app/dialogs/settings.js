// @ts-check
/** How one likes it, one's nick, and for who has an account: password, mail, sessions. */
import {field, form, frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {short} from "../times.js";
import {say} from "../words.js";
import {tokens} from "./programs.js";

/** @typedef {import("../desk.js").Desk} Desk */

/** @param {Desk} desk */
export function open(desk) {
    const {settings, model} = desk;
    const choices = (/** @type {any} */ key, /** @type {string[]} */ values) => {
        const box = h(
            "select",
            null,
            ...values.map((each) =>
                h(
                    "option",
                    {value: each, selected: settings.values[/** @type {"theme"} */ (key)] === each},
                    say(`settings.${key}.${each}`),
                ),
            ),
        );
        box.addEventListener("change", () => settings.set(key, box.value));
        return field(say(`settings.${key}`), box);
    };
    const tick = (/** @type {"typing" | "sound"} */ key) => {
        const box = h("input", {type: "checkbox", checked: settings.values[key]});
        box.addEventListener("change", () => settings.set(key, box.checked));
        return h("label", {class: "choice"}, box, say(`settings.${key}`));
    };
    const words = h("input", {autocomplete: "off", autocapitalize: "none", value: settings.values.words});
    words.addEventListener("change", () => settings.set("words", words.value.trim()));
    const quiet = (/** @type {"quietFrom" | "quietTo"} */ key, /** @type {string} */ name) => {
        const box = h("input", {type: "time", value: settings.values[key]});
        box.addEventListener("change", () => settings.set(key, box.value));
        return field(name, box);
    };
    const nick = h("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false", value: model.me.nick});
    const away = h("input", {autocomplete: "off", value: model.me.away ?? ""});
    const account = h("div");
    frame(
        say("settings"),
        h("h3", null, say("settings.look")),
        h(
            "div",
            {class: "pair"},
            choices("theme", ["system", "light", "dark"]),
            choices("density", ["cosy", "compact"]),
            choices("clock", ["locale", "24", "12"]),
            choices("joins", ["fold", "show", "hide"]),
        ),
        tick("typing"),
        h("h3", null, say("settings.notices")),
        notify(desk),
        tick("sound"),
        field(say("settings.words"), words, say("settings.words.more")),
        h(
            "div",
            {class: "pair"},
            quiet("quietFrom", say("settings.quiet")),
            quiet("quietTo", say("settings.quiet.to")),
        ),
        h("h3", null, say("settings.account")),
        h(
            "p",
            {class: "soft small"},
            model.me.account ? say("settings.account.is", {account: model.me.account}) : say("settings.account.none"),
        ),
        !model.me.account &&
            model.offered.has("draft/account-registration") &&
            h("div", {class: "deeds"}, ...["account", "login"].map((way) =>
                button(say(way === "account" ? "door.account" : "door.have"), () => desk.page.logOut(way)))),
        form(
            say("settings.nick.go"),
            () => desk.command("NICK", [nick.value.trim()]),
            field(say("settings.nick"), nick),
        ),
        form(
            say(model.me.away === null ? "settings.away.go" : "settings.back.go"),
            () => desk.command("AWAY", model.me.away === null ? [away.value.trim() || say("person.away")] : []),
            field(say("settings.away"), away),
        ),
        account,
    );
    if (model.me.account && desk.api?.token) own(desk, account);
}

/** @param {Desk} desk */
function notify(desk) {
    const {settings} = desk;
    const denied = !("Notification" in window) || Notification.permission === "denied";
    const box = h("input", {type: "checkbox", checked: settings.values.notify && !denied, disabled: denied});
    box.addEventListener("change", async () => {
        if (box.checked && (await Notification.requestPermission()) !== "granted") box.checked = false;
        settings.set("notify", box.checked);
    });
    return h(
        "div",
        null,
        h("label", {class: "choice"}, box, say("settings.notify")),
        denied && h("p", {class: "small soft"}, say("settings.notify.denied")),
    );
}

/** Password, mail and sessions, which a token may not change: so they go with the password. @param {Desk} desk @param {HTMLElement} place */
function own(desk, place) {
    const api = /** @type {import("../api.js").Api} */ (desk.api);
    const name = desk.model.me.account;
    const path = `/accounts/${encodeURIComponent(name)}`;
    const old = h("input", {type: "password", autocomplete: "current-password"});
    const password = h("input", {type: "password", autocomplete: "new-password"});
    const email = h("input", {type: "email", autocomplete: "email"});
    const code = h("input", {autocomplete: "one-time-code", autocapitalize: "none"});
    const coded = field(say("door.code"), code, say("door.code.lead"));
    coded.hidden = true;
    const told = h("div");
    const list = h("ul", {class: "sessions"});
    const basic = () => ({basic: {name, password: old.value}});
    const wrong = (/** @type {any} */ error) => fill(told, h("p", {class: "wrong", role: "alert"}, reason(error)));
    const save = async () => {
        try {
            if (code.value) await api.post(`${path}/email`, {code: code.value.trim()}, basic());
            else if (email.value) await api.put(`${path}/email`, {email: email.value.trim()}, basic());
            if (password.value) await api.put(`${path}/password`, {password: password.value}, basic());
        } catch (error) {
            return reason(error);
        }
        coded.hidden = !email.value || Boolean(code.value);
        if (coded.hidden) old.value = password.value = email.value = code.value = "";
        fill(told, h("p", {class: "right", role: "status"}, say(coded.hidden ? "settings.saved" : "door.code.lead")));
        return null;
    };
    const end = (/** @type {any} */ each) => {
        if (each.current) desk.page.logOut();
        else if (!old.value) {
            fill(told, h("p", {class: "wrong", role: "alert"}, say("sessions.password")));
            old.focus();
        } else api.del(`/tokens/${encodeURIComponent(each.id)}`, basic()).then(draw, wrong);
    };
    const draw = async () => {
        const found = await api.get("/tokens").catch(() => ({items: []}));
        const session = (/** @type {any} */ each) =>
            h(
                "li",
                null,
                h(
                    "span",
                    null,
                    each.label || each.id,
                    each.current ? ` (${say("sessions.this")}) ` : " ",
                    h("span", {class: "small soft"}, say("sessions.since", {at: short(Date.parse(each.made_at))})),
                ),
                button(say("sessions.end"), () => end(each), "link"),
            );
        fill(list, ...found.items.map(session));
    };
    const pair = h(
        "div",
        {class: "pair"},
        field(say("settings.password"), password),
        field(say("settings.email"), email),
    );
    fill(place, form(say("settings.save"), save, field(say("settings.password.old"), old), pair, coded), told);
    place.append(h("h3", null, say("sessions.title")), list, tokens(api, name, draw));
    draw();
}
