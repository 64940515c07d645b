// @ts-check
/** A channel: its topic, what is told of it, leaving it.  Of a talk: what is told of it. */
import {field, form, frame} from "../dialogs.js";
import {button, h} from "../dom.js";
import {said} from "../text.js";
import {short} from "../times.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */

/** @param {Desk} desk @param {string} [name] */
export function open(desk, name = desk.open?.name) {
    const target = name === undefined ? undefined : desk.model.targets.get(desk.fold(name));
    if (!target) return;
    const key = desk.fold(target.name);
    const {channel} = target;
    const may = desk.maySetTopic(target);
    const topic = h("textarea", {rows: "3", maxlength: String(Number(desk.model.isupport.get("TOPICLEN")) || 390)});
    topic.value = channel?.topic ?? "";
    const level = h(
        "select",
        null,
        ...["all", "mentions", "nothing"].map((each) =>
            h("option", {value: each, selected: desk.settings.level(key) === each}, say(`channel.level.${each}`)),
        ),
    );
    level.addEventListener("change", () =>
        desk.settings.set("levels", {...desk.settings.values.levels, [key]: level.value}),
    );
    const {close} = frame(
        target.name,
        channel &&
            (may
                ? form(
                      say("channel.save"),
                      async () => {
                          const wrong = await desk.command("TOPIC", [
                              target.name,
                              topic.value.replace(/\s*\n\s*/g, " "),
                          ]);
                          if (wrong === null) close();
                          return wrong;
                      },
                      field(say("channel.topic"), topic),
                  )
                : h(
                      "p",
                      {class: "text"},
                      ...(channel.topic ? said(channel.topic, desk.known()) : [say("topic.none")]),
                  )),
        channel &&
            channel.topicAt > 0 &&
            channel.topicBy &&
            h(
                "p",
                {class: "small soft"},
                say("channel.topic.by", {by: channel.topicBy.split("!")[0], at: short(channel.topicAt * 1000)}),
            ),
        channel &&
            h(
                "dl",
                null,
                h("dt", null, say("channel.people")),
                h("dd", null, String(channel.members.size)),
                channel.modes.size > 0 && h("dt", null, say("channel.modes")),
                channel.modes.size > 0 && h("dd", {class: "mono"}, `+${[...channel.modes.keys()].join("")}`),
            ),
        field(say("channel.level"), level),
        h(
            "div",
            {class: "deeds"},
            channel?.joined &&
                button(say("invite"), () => {
                    close();
                    desk.dialog("invite", target.name);
                }),
            channel &&
                !channel.joined &&
                button(
                    say("channel.join"),
                    async () => {
                        if ((await desk.join(target.name)) === null) close();
                    },
                    "main",
                ),
            button(
                channel?.joined ? say("channel.leave") : say("channel.leave.talk"),
                () => {
                    close();
                    desk.leave(target);
                },
                "danger",
            ),
        ),
    );
}
