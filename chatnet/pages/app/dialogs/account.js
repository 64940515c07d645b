// @ts-check
/** Leaving, for now. */
import {frame} from "../dialogs.js";
import {button, h} from "../dom.js";
import {say} from "../words.js";

/** @param {import("../desk.js").Desk} desk */
export function logOut(desk) {
    const {close} = frame(
        say("logout.title"),
        h("p", {class: "soft"}, desk.model.me.account ? say("logout.account") : say("logout.guest")),
        h(
            "div",
            {class: "deeds"},
            button(
                say("log.out"),
                () => {
                    close();
                    desk.page.logOut();
                },
                "main",
            ),
            button(say("cancel"), () => close()),
        ),
    );
}
