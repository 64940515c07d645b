// @ts-check
/** The way in: as a guest, with an account, or with a new one; by an invitation, too. */
import {Api} from "./api.js";
import {at, button, fill, h} from "./dom.js";
import {say} from "./words.js";

/** @typedef {{nick: string, account?: string, secret?: string, token?: boolean, stay?: boolean, channels?: string[]}} Entry who comes in, and where to */
/**
 * What the server tells of itself.
 * @typedef {object} About
 * @property {string} [title]
 * @property {string} [network]
 * @property {string} [welcome]
 * @property {string[]} [autojoin]
 * @property {boolean} [guests]
 * @property {boolean} [accounts]
 * @property {boolean} [registration]
 */

const NICK = /^[\p{L}[\]\\`_^{|}][\p{L}\p{N}[\]\\`_^{|}-]{0,29}$/u;
const SECURE = location.protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

/**
 * Show the door, until somebody has come in.
 * @param {object} how
 * @param {About} how.about
 * @param {string} how.invite "" or the token of an invitation
 * @param {string} how.nick what stands in the field to begin with
 * @param {string} how.wrong "" or why one stands here again
 * @param {string} how.begin "login" or "account": what it begins with
 * @param {any} how.api
 * @param {(entry: Entry) => Promise<string | null>} how.come a text is why not
 */
export async function door({about, invite, nick, wrong, begin, api, come}) {
    const place = at("door");
    /** @type {any} */
    let invited = null;
    let trouble = wrong;
    if (invite) {
        try {
            invited = await api.get(`/invites/${encodeURIComponent(invite)}`);
        } catch {
            trouble = say("door.invite.over");
        }
    }
    const accounts = about.accounts !== false;
    const name = h("input", {
        autocomplete: "username",
        autocapitalize: "none",
        spellcheck: "false",
        value: nick,
        maxlength: "30",
        required: true,
    });
    const password = h("input", {type: "password", autocomplete: "current-password", required: true});
    const email = h("input", {type: "email", autocomplete: "email"});
    const code = h("input", {inputmode: "text", autocomplete: "one-time-code", autocapitalize: "none"});
    const stay = h("input", {type: "checkbox", checked: true});
    const told = h("div");
    let way = about.guests === false || begin === "login" || invited?.account === "needed" ? "login" : "guest";
    if (begin === "account" && accounts) way = begin;
    if (invited && way === "login") way = "account";
    place.hidden = false;
    draw();

    function draw() {
        const title = invited
            ? invited.by
                ? say("door.invites", {by: invited.by})
                : say("door.invites.network", {network: invited.network ?? about.network})
            : say("door.title", {network: about.title || about.network || location.hostname});
        const lead =
            {guest: "door.lead", login: "door.lead.login", account: "door.lead.account", code: "door.code.lead"}[way] ??
            "door.lead";
        const submit = h(
            "button",
            {type: "submit", class: "button main wide"},
            say(
                {guest: "door.come", login: "door.login", account: "door.account", code: "door.verify"}[way] ??
                    "door.come",
            ),
        );
        const form = h(
            "form",
            {novalidate: true},
            way === "code" ? labelled("door.code", code) : labelled(way === "login" ? "door.name" : "door.nick", name),
            (way === "login" || way === "account") && labelled("door.password", password),
            way === "account" && labelled("door.email", email, say("door.email.more")),
            (way === "login" || way === "account") && h("label", {class: "choice field"}, stay, say("door.stay")),
            told,
            submit,
        );
        form.addEventListener("submit", async (event) => {
            event.preventDefault();
            submit.disabled = true;
            tell("");
            const words = await enter().catch((/** @type {any} */ error) => explain(error));
            submit.disabled = false;
            if (words !== null) tell(words);
        });
        password.setAttribute("autocomplete", way === "account" ? "new-password" : "current-password");
        const guests = about.guests !== false && invited?.account !== "needed";
        fill(
            place,
            h(
                "main",
                {class: "card"},
                mark(),
                h("h1", null, title),
                h("p", {class: "lead"}, (way === "guest" && about.welcome) || say(lead)),
                invited &&
                    h(
                        "ul",
                        {class: "rooms"},
                        ...invited.channels.map((/** @type {any} */ each) =>
                            h(
                                "li",
                                null,
                                h("b", null, each.name),
                                h(
                                    "span",
                                    {class: "small soft"},
                                    [say("door.people", {n: each.members}), each.topic].filter(Boolean).join(" · "),
                                ),
                            ),
                        ),
                    ),
                form,
                h(
                    "div",
                    {class: "others"},
                    way !== "guest" && guests && button(say("door.back"), () => turn("guest"), "link"),
                    way !== "login" && button(say("door.have"), () => turn("login"), "link"),
                    way !== "account" &&
                        accounts &&
                        (about.registration !== false || invited) &&
                        button(say("door.account"), () => turn("account"), "link"),
                ),
            ),
        );
        const warned = way !== "guest" && !SECURE ? say("door.insecure") : "";
        tell(trouble || warned || (about.guests === false && way === "login" ? say("door.guests.off") : ""));
        if (matchMedia("(hover: hover)").matches) (way === "code" ? code : name).focus();
    }

    /** @param {string} other */
    function turn(other) {
        way = other;
        trouble = "";
        draw();
    }

    /** @param {string} words */
    function tell(words) {
        fill(told, words && h("p", {class: "wrong", role: "alert"}, words));
    }

    /** @returns {Promise<string | null>} */
    async function enter() {
        const wanted = name.value.trim();
        if (way !== "code" && !NICK.test(wanted)) return say("door.nick.bad");
        // (The token of an invitation is a key of its channels.)
        const channels = invited ? invited.channels.map((/** @type {any} */ each) => `${each.name} ${invite}`) : [];
        if (way === "guest") {
            if (invited) await api.post(`/invites/${encodeURIComponent(invite)}/accept`, {});
            return come({nick: wanted, channels});
        }
        if (way === "login") return login(wanted, channels);
        if (way === "code")
            return used(
                await api.post(`/accounts/${encodeURIComponent(wanted)}/verify`, {
                    code: code.value.trim(),
                    label: device(),
                }),
                wanted,
                channels,
            );
        const body = {
            name: wanted,
            password: password.value,
            label: device(),
            ...(email.value.trim() && {email: email.value.trim()}),
        };
        const answer = invited
            ? await api.post(`/invites/${encodeURIComponent(invite)}/accept`, body)
            : await api.post("/accounts", body);
        if (answer.token) return used(answer, wanted, channels);
        turn("code");
        return null;
    }

    /** @param {any} answer @param {string} account @param {string[]} channels */
    function used(answer, account, channels) {
        return come({
            nick: account,
            account: answer.account ?? account,
            secret: answer.token,
            token: true,
            stay: stay.checked,
            channels,
        });
    }

    /** @param {string} account @param {string[]} channels @returns {Promise<string | null>} */
    async function login(account, channels) {
        try {
            const answer = await api.post(
                "/tokens",
                {label: device(), scope: "web"},
                {basic: {name: account, password: password.value}},
            );
            if (invited)
                await new Api(undefined, answer.token)
                    .post(`/invites/${encodeURIComponent(invite)}/accept`, {})
                    .catch(() => null);
            return used(answer, account, channels);
        } catch (error) {
            // no records here, or no API at all: the password goes to who has the accounts, by SASL
            const status = /** @type {any} */ (error).status;
            if (status !== 501 && status !== 404 && status !== 405) throw error;
            return come({nick: account, account, secret: password.value, token: false, stay: false, channels});
        }
    }
}

/** @param {string} key @param {HTMLElement} input @param {string} [more] */
function labelled(key, input, more) {
    return h("label", {class: "field"}, h("span", null, say(key)), input, more && h("span", {class: "small"}, more));
}

/** @param {any} error */
function explain(error) {
    if (error?.status === 401) return say("door.wrong");
    if (error?.errors?.length) return error.errors.map((/** @type {any} */ each) => each.detail).join(" ");
    return error?.detail || error?.title || say("door.offline");
}

/** What this session is called among those of the account: "Firefox on Linux". */
function device() {
    const agent = navigator.userAgent;
    const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((each) => agent.includes(each)) ?? "Browser";
    const system = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"].find((each) => agent.includes(each)) ?? "";
    return `${{Edg: "Edge", OPR: "Opera"}[browser] ?? browser}${system ? ` on ${system}` : ""}`;
}

function mark() {
    return h("img", {class: "mark", src: "/favicon.svg", alt: ""});
}
