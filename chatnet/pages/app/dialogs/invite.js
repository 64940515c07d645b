// @ts-check
/** Have others come: somebody who is here already, or whoever gets a link. */
import {copied, field, form, frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {short} from "../times.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */

const DAYS = [1, 7, 30];
const USES = [1, 20, 50];

/** @param {Desk} desk @param {string} [name] */
export function open(desk, name = desk.open?.name) {
    if (name === undefined) return;
    const nick = h("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false"});
    const told = h("div");
    const days = h(
        "select",
        null,
        ...DAYS.map((each) =>
            h("option", {value: String(each), selected: each === 7}, say("invite.days.n", {n: each})),
        ),
    );
    const uses = h(
        "select",
        null,
        ...USES.map((each) => h("option", {value: String(each), selected: each === 20}, String(each))),
    );
    const made = h("div");
    const list = h("ul", {class: "sessions"});
    const path = `/channels/${encodeURIComponent(desk.bare(name))}/invites`;
    const api = desk.api?.token ? desk.api : null;
    frame(
        say("invite.title", {name}),
        h("h3", null, say("invite.link")),
        api
            ? form(
                  say("invite.make"),
                  async () => {
                      try {
                          const answer = await api.post(path, {days: Number(days.value), most: Number(uses.value)});
                          fill(made, copied(answer.url ?? `${location.origin}/join/${answer.token}`, say("invite.link")));
                          draw();
                          return null;
                      } catch (error) {
                          return reason(error);
                      }
                  },
                  h("p", {class: "soft small"}, say("invite.link.lead")),
                  h("div", {class: "pair"}, field(say("invite.days"), days), field(say("invite.uses"), uses)),
              )
            : h(
                  "div",
                  null,
                  h("p", {class: "soft small"}, say("invite.none")),
                  h("p", {class: "small"}, say("invite.address")),
                  copied(`${location.origin}${desk.path(name)}`, say("invite.link")),
              ),
        made,
        list,
        h("h3", null, say("invite.nick")),
        form(
            say("invite.send"),
            async () => {
                if (!nick.value.trim()) return say("door.nick.bad");
                const wrong = await desk.command("INVITE", [nick.value.trim(), name]);
                fill(
                    told,
                    wrong === null &&
                        h("p", {class: "right", role: "status"}, say("invite.sent", {nick: nick.value.trim()})),
                );
                return wrong;
            },
            field(say("talk.nick"), nick),
        ),
        told,
    );
    if (api) draw();

    async function draw() {
        if (!api) return;
        try {
            const found = await api.get(path);
            const items = found.items.filter((/** @type {any} */ each) => !each.closed);
            fill(
                list,
                ...items.map((/** @type {any} */ each) =>
                    h(
                        "li",
                        null,
                        h(
                            "span",
                            null,
                            each.label ? `${each.label} · ` : "",
                            say("invite.used", {
                                used: each.used,
                                most: each.most,
                                until: short(Date.parse(each.expires_at)),
                            }),
                        ),
                        button(
                            say("invite.close"),
                            () =>
                                api
                                    .del(`/invites/${encodeURIComponent(each.id)}`)
                                    .then(draw, (error) => fill(made, h("p", {class: "wrong"}, reason(error)))),
                            "link",
                        ),
                    ),
                ),
            );
        } catch {
            fill(list); // no right to list them: the button says so when it is used
        }
    }
}
