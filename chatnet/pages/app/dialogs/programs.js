// @ts-check
/** Tokens, by which programs and other clients log in to one's account. */
import {copied, field, form} from "../dialogs.js";
import {fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {say} from "../words.js";

/** What tokens may do: by its name here, as the server has it. */
const SCOPES = {all: "all", chat: "chat", read: "read,events"};

/**
 * A form that makes a token, which is shown once.
 * @param {import("../api.js").Api} api
 * @param {string} account
 * @param {() => void} made
 */
export function tokens(api, account, made) {
    const label = h("input", {autocomplete: "off", maxlength: "50"});
    const choices = Object.entries(SCOPES).map(([name, value]) => h("option", {value}, say(`token.${name}`)));
    const scope = h("select", null, ...choices);
    const password = h("input", {type: "password", autocomplete: "current-password"});
    const told = h("div", {role: "status"});
    const make = async () => {
        fill(told);
        const wanted = {label: label.value.trim(), scope: scope.value};
        if (!wanted.label) return say("token.label.none");
        try {
            const {token} = await api.post("/tokens", wanted, {basic: {name: account, password: password.value}});
            fill(told, h("p", {class: "right"}, say("token.once")), copied(token, say("token.is")));
        } catch (error) {
            return reason(error);
        }
        label.value = password.value = "";
        made();
        return null;
    };
    return h(
        "div",
        null,
        h("h3", null, say("token.title")),
        h("p", {class: "small soft"}, say("token.lead")),
        form(
            say("token.make"),
            make,
            h("div", {class: "pair"}, field(say("token.label"), label), field(say("token.may"), scope)),
            field(say("settings.password.old"), password),
        ),
        told,
    );
}
