/**
 * Texts as people read them: codes of mIRC, links, channels, nicks and emoji.
 */

/**
 * A part of a text, and how it looks: `classes` are `bold`, `italic`, `underline`, `strike`, `mono`, `reverse`,
 * `fg-4`, `bg-12` (colours of mIRC), `mention`.
 * @typedef {object} Part
 * @property {string} text
 * @property {"text"|"link"|"channel"|"nick"|"emoji"} kind
 * @property {string} [href]
 * @property {string[]} classes
 */

/** @typedef {{text: string, classes: string[]}} Styled */

const CODES = {bold: "\u0002", colour: "\u0003", hex: "\u0004", plain: "\u000f", mono: "\u0011", reverse: "\u0016"};
/** @type {Record<string, string>} */
const TOGGLES = {
    [CODES.bold]: "bold", "\u001d": "italic", "\u001f": "underline", "\u001e": "strike", [CODES.mono]: "mono",
    [CODES.reverse]: "reverse",
};
const LINK = /\b(?:https?|ircs?):\/\/[^\s<>"]+|\bmailto:[^\s<>"]+@[^\s<>"]+|\bwww\.[^\s<>"/]+\.[^\s<>"]+/giu;
const WORD = /[#\p{L}\p{N}_\-[\]\\`^{}|]+/gu;
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|\s)+$/u;

/**
 * A text in parts: links, channels (`isChannel`), nicks that are known (`nick`: their own form, or "").
 * @param {string} text
 * @param {{nick?: (word: string) => string, isChannel?: (word: string) => boolean, me?: string}} [known]
 * @returns {Part[]}
 */
export function parts(text, known = {}) {
    const whole = plain(text);
    if (whole.length <= 40 && EMOJI.test(whole) && whole.trim()) {
        return [{text: whole, kind: "emoji", classes: []}];
    }
    return styled(text).flatMap((each) => linked(each, known));
}

/**
 * A text without its codes.
 * @param {string} text
 */
export function plain(text) {
    return styled(text).map((each) => each.text).join("");
}

/**
 * @param {string} text
 * @returns {Styled[]}
 */
function styled(text) {
    /** @type {Styled[]} */
    const found = [];
    /** @type {Set<string>} */
    let on = new Set();
    let [foreground, background, from] = ["", "", 0];
    const end = (/** @type {number} */ at) => {
        if (at > from) {
            found.push({text: text.slice(from, at), classes: [...on, foreground, background].filter(Boolean)});
        }
    };
    for (let at = 0; at < text.length; at++) {
        const sign = text[at];
        if (sign >= " " || sign === "\n" || sign === "\t") {
            continue;
        }
        end(at);
        from = at + 1;
        const toggled = TOGGLES[sign];
        if (toggled) {
            on = new Set(on);
            if (!on.delete(toggled)) {
                on.add(toggled);
            }
        } else if (sign === CODES.plain) {
            on = new Set();
            [foreground, background] = ["", ""];
        } else if (sign === CODES.colour) {
            const code = /^(\d{1,2})(?:,(\d{1,2}))?/.exec(text.slice(from, from + 5));
            foreground = code ? colourClass("fg", code[1]) : "";
            background = code ? (code[2] ? colourClass("bg", code[2]) : background) : "";
            from += code ? code[0].length : 0;
        } else if (sign === CODES.hex) {
            const code = /^[0-9a-f]{6}(?:,[0-9a-f]{6})?/i.exec(text.slice(from, from + 13));
            from += code ? code[0].length : 0;
        }
        at = from - 1;
    }
    end(text.length);
    return found;
}

/**
 * @param {string} kind
 * @param {string} number
 */
function colourClass(kind, number) {
    const value = Number(number);
    return value < 16 ? `${kind}-${value}` : ""; // others stand for no colour, or for one that nobody uses
}

/**
 * @param {Styled} piece
 * @param {{nick?: (word: string) => string, isChannel?: (word: string) => boolean, me?: string}} known
 * @returns {Part[]}
 */
function linked({text, classes}, known) {
    /** @type {Part[]} */
    const found = [];
    let from = 0;
    for (const match of text.matchAll(LINK)) {
        const link = trimmed(match[0]);
        found.push(...named(text.slice(from, match.index), classes, known));
        found.push({text: link, kind: "link", href: /^www\./i.test(link) ? `https://${link}` : link, classes});
        from = match.index + link.length;
    }
    return [...found, ...named(text.slice(from), classes, known)];
}

/**
 * A link without what belongs to the sentence around it.
 * @param {string} link
 */
function trimmed(link) {
    let found = link.replace(/[.,:;!?'*_~]+$/u, "");
    for (const [open, close] of ["()", "[]", "{}"]) {
        while (found.endsWith(close) && found.split(close).length > found.split(open).length) {
            found = found.slice(0, -1).replace(/[.,:;!?'*_~]+$/u, "");
        }
    }
    return found;
}

/**
 * @param {string} text
 * @param {string[]} classes
 * @param {{nick?: (word: string) => string, isChannel?: (word: string) => boolean, me?: string}} known
 * @returns {Part[]}
 */
function named(text, classes, {nick, isChannel, me}) {
    /** @type {Part[]} */
    const found = [];
    let from = 0;
    for (const match of text.matchAll(WORD)) {
        const word = match[0];
        const who = nick?.(word);
        const channel = !who && word.length > 1 && !/^#+$/.test(word) && isChannel?.(word);
        if (!who && !channel) {
            continue;
        }
        if (match.index > from) {
            found.push({text: text.slice(from, match.index), kind: "text", classes});
        }
        const own = who && me && who.toLowerCase() === me.toLowerCase();
        found.push({text: word, kind: who ? "nick" : "channel", href: who || word, classes: own ? [...classes, "mention"] : classes});
        from = match.index + word.length;
    }
    if (from < text.length) {
        found.push({text: text.slice(from), kind: "text", classes});
    }
    return found;
}

/**
 * Whether one of these words, a nick say, stands in a text as a word of its own.
 * @param {string} text
 * @param {string[]} words
 */
export function mentions(text, words) {
    const lower = plain(text).toLowerCase();
    return words.some((word) => {
        const wanted = word.toLowerCase();
        for (let at = wanted ? lower.indexOf(wanted) : -1; at >= 0; at = lower.indexOf(wanted, at + 1)) {
            if (!isInside(lower[at - 1]) && !isInside(lower[at + wanted.length])) {
                return true;
            }
        }
        return false;
    });
}

/**
 * Whether a word would go on with that sign.
 * @param {string|undefined} sign
 */
function isInside(sign) {
    return sign !== undefined && /[\p{L}\p{N}_]/u.test(sign);
}

/**
 * The colour of a nick, 0 to 15: the same for the same nick, everywhere.
 * @param {string} nick
 */
export function colour(nick) {
    let hash = 5381;
    for (const sign of nick.toLowerCase()) {
        hash = (hash * 33 + (sign.codePointAt(0) ?? 0)) >>> 0;
    }
    return (hash ^ (hash >>> 16)) & 15;
}

/** Names of emoji, as they are typed between colons. */
export const emojis = Object.freeze({
    "+1": "👍", "-1": "👎", "100": "💯", angry: "😠", art: "🎨", balloon: "🎈", beer: "🍺", bell: "🔔", birthday: "🎂",
    blush: "😊", book: "📖", boom: "💥", broken_heart: "💔", bug: "🐛", bulb: "💡", cake: "🍰", calendar: "📅",
    camera: "📷", car: "🚗", cat: "🐱", check: "✅", chess: "♟️", clap: "👏", clock: "🕒", coffee: "☕", computer: "💻",
    confetti: "🎊", confused: "😕", cookie: "🍪", cool: "😎", cross: "❌", cry: "😢", dancer: "💃", dog: "🐶",
    ear: "👂", earth: "🌍", eyes: "👀", facepalm: "🤦", fire: "🔥", flower: "🌸", gear: "⚙️", ghost: "👻", gift: "🎁",
    grimace: "😬", grin: "😁", handshake: "🤝", heart: "❤️", heart_eyes: "😍", heavy_plus: "➕", hourglass: "⌛",
    house: "🏠", hug: "🤗", hundred: "💯", joy: "😂", key: "🔑", kiss: "😘", laughing: "😆", leaf: "🍃", link: "🔗",
    lock: "🔒", mail: "📧", medal: "🏅", mega: "📣", memo: "📝", mind_blown: "🤯", moneybag: "💰", moon: "🌙",
    muscle: "💪", music: "🎵", neutral: "😐", no_entry: "⛔", ok: "👌", party: "🥳", pensive: "😔", phone: "📱",
    pin: "📌", pizza: "🍕", plant: "🌱", point_down: "👇", point_left: "👈", point_right: "👉", point_up: "☝️",
    pray: "🙏", question: "❓", rainbow: "🌈", raised_hand: "✋", relieved: "😌", robot: "🤖", rocket: "🚀",
    rofl: "🤣", rose: "🌹", scream: "😱", search: "🔍", see_no_evil: "🙈", shrug: "🤷", skull: "💀", sleeping: "😴",
    smile: "😄", smirk: "😏", snowflake: "❄️", sob: "😭", sparkles: "✨", star: "⭐", sun: "☀️", sweat: "😅",
    tada: "🎉", tea: "🍵", thinking: "🤔", thumbsdown: "👎", thumbsup: "👍", tree: "🌳", trophy: "🏆", umbrella: "☂️",
    unamused: "😒", upside_down: "🙃", warning: "⚠️", wave: "👋", white_check_mark: "✅", wink: "😉", worried: "😟",
    x: "❌", yum: "😋", zap: "⚡", zzz: "💤",
});
