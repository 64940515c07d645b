// @ts-check
/** Who somebody is, and what one can do with them. */
import {frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {colour} from "../format.js";
import {short} from "../times.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */

/** @param {Desk} desk @param {string} nick */
export function open(desk, nick) {
    const facts = h("div");
    const wrong = h("div");
    const target = desk.open;
    const channel = target?.channel ?? null;
    const member = channel?.members.get(desk.fold(nick)) ?? null;
    const may = member !== null && desk.isOperator(target) && !desk.isMe(nick);
    const ask = async (/** @type {Promise<string | null>} */ asked) => {
        const words = await asked;
        fill(wrong, words && h("p", {class: "wrong", role: "alert"}, words));
        if (words === null) close();
    };
    const mode = (/** @type {string} */ change) => ask(desk.command("MODE", [channel?.name ?? "", change, nick]));
    const {close} = frame(
        nick,
        facts,
        wrong,
        h(
            "div",
            {class: "deeds"},
            !desk.isMe(nick) &&
                button(
                    say("person.write"),
                    () => {
                        close();
                        desk.show(nick);
                    },
                    "main",
                ),
            may &&
                button(say(desk.isOperator(target, nick) ? "person.deop" : "person.op"), () =>
                    mode(desk.isOperator(target, nick) ? "-o" : "+o"),
                ),
            may &&
                button(say(member.ranks.includes("+") ? "person.devoice" : "person.voice"), () =>
                    mode(member.ranks.includes("+") ? "-v" : "+v"),
                ),
            may && button(say("person.kick"), () => ask(desk.command("KICK", [channel?.name ?? "", nick])), "danger"),
            may &&
                button(
                    say("person.ban"),
                    () =>
                        ask(
                            desk
                                .ban(channel?.name ?? "", nick)
                                .then((words) => words ?? desk.command("KICK", [channel?.name ?? "", nick])),
                        ),
                    "danger",
                ),
        ),
    );
    const known = desk.person(nick);
    show({...(known ?? {}), away: known?.away ?? null});
    desk.learn("whois", "WHOIS", [nick]).then(
        (change) => {
            if (change?.whois) show(change.whois);
            else fill(facts, h("p", {class: "soft"}, say("person.none")));
        },
        (error) => fill(facts, h("p", {class: "soft"}, reason(error))),
    );

    /** @param {Partial<import("../state.js").Whois>} who */
    function show(who) {
        const away = who.away === null || who.away === undefined ? null : who.away || say("person.away");
        const lines = /** @type {[string, string][]} */ ([
            ["person.account", who.account || ""],
            ["person.host", who.host ? `${who.user ?? ""}@${who.host}` : ""],
            ["person.channels", (who.channels ?? []).join("  ")],
            ["person.is", [who.oper && say("oper"), who.bot && say("bot")].filter(Boolean).join(", ")],
            [
                "person.idle",
                who.idle !== undefined && who.idle >= 60
                    ? say("person.idle.minutes", {n: Math.floor(who.idle / 60)})
                    : "",
            ],
            ["person.since", who.since ? short(who.since * 1000) : ""],
            ["person.server", who.server ?? ""],
        ]).filter(([, words]) => words);
        fill(
            facts,
            h(
                "div",
                {class: "whose"},
                h("span", {class: `avatar c${colour(nick)}`, "aria-hidden": "true"}, [...nick][0] ?? "?"),
                h(
                    "div",
                    null,
                    who.realname && who.realname !== nick && h("b", null, who.realname),
                    h(
                        "span",
                        {class: "small soft"},
                        away === null ? say("person.here") : say("person.away.why", {why: away}),
                    ),
                ),
            ),
            h("dl", null, ...lines.flatMap(([key, words]) => [h("dt", null, say(key)), h("dd", null, words)])),
        );
    }
}
