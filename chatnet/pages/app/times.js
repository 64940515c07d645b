// @ts-check
/** Times and days as one's language writes them.  All are milliseconds since 1970, of the server's clock. */

/** @type {Map<string, Intl.DateTimeFormat>} */
const made = new Map();

/** @param {string} key @param {Intl.DateTimeFormatOptions} options */
function format(key, options) {
    let found = made.get(key);
    if (!found) made.set(key, (found = new Intl.DateTimeFormat(undefined, options)));
    return found;
}

/** @param {number} at @param {string} clock "locale", "24" or "12" */
export function clock(at, clock) {
    const cycle = clock === "24" ? {hourCycle: /** @type {const} */ ("h23")} : clock === "12" ? {hour12: true} : {};
    return format(`clock${clock}`, {hour: "2-digit", minute: "2-digit", ...cycle}).format(at);
}

/** @param {number} at */
export function full(at) {
    return format("full", {dateStyle: "full", timeStyle: "medium"}).format(at);
}

/** @param {number} at */
export function short(at) {
    return format("short", {dateStyle: "medium", timeStyle: "short"}).format(at);
}

/** @param {number} at @param {number} now the year is told if it is another than now */
export function day(at, now) {
    const same = new Date(at).getFullYear() === new Date(now).getFullYear();
    return format(`day${same}`, {
        weekday: "long",
        day: "numeric",
        month: "long",
        ...(same ? {} : {year: "numeric"}),
    }).format(at);
}

/** @param {number} at @returns {string} as ISO 8601 for `datetime` and the wire */
export function iso(at) {
    return new Date(at).toISOString();
}
