// @ts-check
/** What somebody wrote, as nodes of the page: links, channels and people can be clicked, colours are kept. */
import {h} from "./dom.js";
import * as format from "./format.js";

/** Who and what is known where it is shown. @typedef {{me: string, isChannel: (name: string) => boolean, nick: (word: string) => string}} Known */

const HUGE = 6;

/**
 * The words of a message.
 * @param {string} words
 * @param {Known} known
 * @returns {(Node | string)[]}
 */
export function said(words, known) {
    return format.parts(words, known).map((part) => {
        const classes = part.classes.join(" ") || null;
        if (part.kind === "link" && part.href)
            return h(
                "a",
                {class: classes, href: part.href, target: "_blank", rel: "noopener noreferrer nofollow"},
                part.text,
            );
        if (part.kind === "channel")
            return h(
                "button",
                {type: "button", class: classes, "data-do": "channel", "data-name": part.text},
                part.text,
            );
        if (part.kind === "nick" && !part.classes.includes("mention"))
            return h(
                "button",
                {
                    type: "button",
                    class: `nick c${format.colour(part.text)} ${classes ?? ""}`,
                    tabindex: "-1",
                    "data-do": "person",
                    "data-nick": part.text,
                },
                part.text,
            );
        return classes ? h("span", {class: classes}, part.text) : part.text;
    });
}

/** Whether that is nothing but a few emoji. @param {string} words */
export function isHuge(words) {
    const parts = format.parts(words, {});
    return parts.length === 1 && parts[0].kind === "emoji" && [...new Intl.Segmenter().segment(words)].length <= HUGE;
}

/** The first line of a text, without what colours it. @param {string} words */
export function plain(words) {
    return format.plain(words.split("\n")[0]);
}
