// @ts-check
/** How one likes it, one's nick, and for who has an account: password, mail, sessions. */
import {field, form, frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {short} from "../times.js";
import {say} from "../words.js";

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

/** Password and mail, which a session by token may not change: so they go with the password. @param {Desk} desk @param {HTMLElement} place */
function own(desk, place) {
    const api = /** @type {import("../api.js").Api} */ (desk.api);
    const name = desk.model.me.account;
    const old = h("input", {type: "password", autocomplete: "current-password"});
    const password = h("input", {type: "password", autocomplete: "new-password"});
    const email = h("input", {type: "email", autocomplete: "email"});
    const told = h("div");
    const list = h("ul", {class: "sessions"});
    fill(
        place,
        form(
            say("settings.save"),
            async () => {
                const change = {
                    ...(password.value && {password: password.value}),
                    ...(email.value && {email: email.value}),
                };
                try {
                    await api.patch("/me", change, {basic: {name, password: old.value}});
                    fill(told, h("p", {class: "right", role: "status"}, say("settings.saved")));
                    old.value = password.value = email.value = "";
                    return null;
                } catch (error) {
                    return reason(error);
                }
            },
            field(say("settings.password.old"), old),
            h("div", {class: "pair"}, field(say("settings.password"), password), field(say("settings.email"), email)),
        ),
        told,
        h("h3", null, say("sessions.title")),
        list,
    );
    const draw = async () => {
        try {
            const {items} = await api.get("/tokens");
            fill(
                list,
                ...items.map((/** @type {any} */ each) =>
                    h(
                        "li",
                        null,
                        h(
                            "span",
                            null,
                            each.label || each.id,
                            each.current ? ` (${say("sessions.this")})` : "",
                            h(
                                "span",
                                {class: "small soft"},
                                " ",
                                each.used_at
                                    ? say("sessions.used", {at: short(Date.parse(each.used_at))})
                                    : say("sessions.never"),
                            ),
                        ),
                        button(
                            say("sessions.end"),
                            () =>
                                api
                                    .del(`/tokens/${encodeURIComponent(each.id)}`)
                                    .then(draw, (error) => fill(told, h("p", {class: "wrong"}, reason(error)))),
                            "link",
                        ),
                    ),
                ),
            );
        } catch (error) {
            fill(list, h("li", {class: "soft small"}, reason(error)));
        }
    };
    draw();
}
