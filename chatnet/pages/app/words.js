// @ts-check
/** What the page says, in one language at a time: all words stand in the tables of `words/`. */
import {words as english} from "./words/en.js";

/** @type {Record<string, string>} */
let table = english;
let language = "en";
/** Of parts of the page that not everybody opens. @type {Record<string, string>} */
const further = {};

/**
 * The words of a key, with values for what stands in braces.  `{n|one|many}` chooses by the number n.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
    const words = table[key] ?? english[/** @type {keyof typeof english} */ (key)] ?? further[key];
    if (words === undefined) throw new Error(`there are no words for ${key}`);
    return words.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) => {
        const value = values[name] ?? "";
        return one === undefined ? String(value) : Number(value) === 1 ? one : many;
    });
}

/** The words of a part of the page that has come. @param {Record<string, string>} words */
export function learn(words) {
    Object.assign(further, words);
}

/** @returns {string} the language of the words, for `lang` */
export function spoken() {
    return language;
}

/**
 * Speak another language from now on, whose table is imported when it is asked for first.
 * @param {string} name
 * @param {() => Promise<{words: Record<string, string>}>} load
 */
export async function speak(name, load) {
    table = (await load()).words;
    language = name;
    document.documentElement.lang = language;
}
