// @ts-check
/** Before the operators' page: for who is no operator, or not known yet, the ways to become one. */
import {field, form} from "../dialogs.js";
import {asking} from "../dialogs/oper.js";
import {button, fill, h} from "../dom.js";
import {say} from "../words.js";

/**
 * @param {HTMLElement} place
 * @param {object} how
 * @param {import("../room.js").Room | null} how.room
 * @param {any} how.me who one is by the API, if one has a token
 * @param {string} how.why one is not known
 * @param {() => void} how.logIn
 * @param {() => void} how.again look again who one is
 * @param {(secret: string) => void} how.token
 */
export function gate(place, {room, me, why, logIn, again, token}) {
    const secret = h("input", {type: "password", autocomplete: "off", placeholder: "cn-…", required: true});
    const desk = room?.desk ?? null;
    fill(
        place,
        h(
            "div",
            {class: "gate"},
            h("h1", null, say("operate.gate")),
            why && h("p", {class: "wrong", role: "alert"}, why),
            me && desk
                ? h("section", null, h("h2", null, say("operate.gate.oper")), asking(desk, me.nick, again))
                : h(
                      "section",
                      null,
                      h("h2", null, say("operate.gate.login")),
                      h("p", {class: "soft"}, say(lead(desk))),
                      h("div", {class: "deeds"}, button(say("door.login"), logIn, "main")),
                  ),
            h(
                "section",
                null,
                h("h2", null, say("operate.gate.token")),
                form(
                    say("operate.gate.token.go"),
                    async () => {
                        const given = secret.value.trim();
                        if (!given) return say("operate.gate.token.none");
                        token(given);
                        return null;
                    },
                    h("p", {class: "small soft"}, say("operate.gate.token.lead")),
                    field(say("operate.gate.token.field"), secret),
                ),
            ),
        ),
    );
}

/** What one is told who has no account here. @param {import("../desk.js").Desk | null} desk of the chat, if one is in it */
function lead(desk) {
    if (!desk) return "operate.gate.login.lead";
    return desk.model.me.modes.includes("o") ? "operate.gate.guest.oper" : "operate.gate.guest";
}
