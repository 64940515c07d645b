// @ts-check
/** What could be meant by what was typed so far: nicks, channels, emoji, commands. */
import {COMMANDS} from "./commands.js";
import {emojis} from "./format.js";
import {say} from "./words.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** What is shown, what else of it, what is put in from where on. @typedef {{shown: string, more: string, words: string, from: number}} Offer */

const MOST = 8;

/**
 * @param {string} text
 * @param {number} cursor
 * @param {Desk} desk
 * @param {any} target
 * @param {boolean} asked by Tab: then a nick needs no `@`
 * @returns {Offer[]}
 */
export function offers(text, cursor, desk, target, asked) {
    const before = text.slice(0, cursor);
    const from = Math.max(before.lastIndexOf(" "), before.lastIndexOf("\n")) + 1;
    const word = before.slice(from);
    if (from === 0 && word.startsWith("/") && !word.startsWith("//"))
        return cut(
            Object.keys(COMMANDS)
                .filter((name) => name.startsWith(word.slice(1).toLowerCase()))
                .map((name) => ({
                    shown: `/${name} ${say(`command.${name}.form`)}`.trim(),
                    more: say(`command.${name}`),
                    words: `/${name} `,
                    from,
                })),
        );
    if (word.startsWith("@") || (asked && word && !"#:".includes(word[0])))
        return cut(
            nicks(word.replace(/^@/, ""), desk, target).map((nick) => ({
                shown: nick,
                more: desk.person(nick)?.realname ?? "",
                words: nick + (from === 0 ? ": " : " "),
                from,
            })),
        );
    if (desk.isChannel(word) && (word.length > 1 || asked))
        return cut(
            desk
                .targets()
                .channels.map((each) => each.name)
                .filter((name) => begins(name, word))
                .map((name) => ({shown: name, more: "", words: `${name} `, from})),
        );
    if (/^:[a-z0-9_+-]{2,}$/i.test(word))
        return cut(
            Object.entries(emojis)
                .filter(([name]) => name.includes(word.slice(1).toLowerCase()))
                .sort(([one], [other]) => Number(begins(other, word.slice(1))) - Number(begins(one, word.slice(1))))
                .map(([name, emoji]) => ({shown: emoji, more: `:${name}:`, words: `${emoji} `, from})),
        );
    return [];
}

/** @param {string} name @param {string} word */
function begins(name, word) {
    return name.toLowerCase().startsWith(word.toLowerCase());
}

/** Those who spoke last come first. @param {string} word @param {Desk} desk @param {any} target */
function nicks(word, desk, target) {
    const all = target?.channel
        ? desk.members(target.channel).map((member) => member.nick)
        : target
          ? [target.name]
          : [];
    const spoke = desk.lastSpoken(target);
    const rank = (/** @type {string} */ nick) => spoke.indexOf(nick) + 1 || spoke.length + 1;
    return all.filter((nick) => begins(nick, word) && !desk.isMe(nick)).sort((one, other) => rank(one) - rank(other));
}

/** @param {Offer[]} list */
function cut(list) {
    return list.slice(0, MOST);
}
