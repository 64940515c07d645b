// @ts-check
/** Numbers in words: bytes, seconds, how long ago. */
import {short} from "../times.js";

/** @type {Map<string, Intl.NumberFormat>} */
const made = new Map();

/** @param {number} value @param {string} unit @param {number} [digits] */
function unit(value, unit, digits = 0) {
    const key = `${unit}${digits}`;
    let found = made.get(key);
    if (!found)
        made.set(
            key,
            (found = new Intl.NumberFormat(undefined, {
                style: "unit",
                unit,
                unitDisplay: unit === "byte" ? "long" : "short",
                maximumFractionDigits: digits,
            })),
        );
    return found.format(value);
}

const PLAIN = new Intl.NumberFormat(undefined, {maximumFractionDigits: 2});
const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const SPANS = /** @type {[number, string][]} */ ([
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
]);

/** @param {number} value */
export function plain(value) {
    return PLAIN.format(value);
}

/** @param {number} value */
export function bytes(value) {
    let left = value;
    let size = 0;
    while (left >= 1000 && size < SIZES.length - 1) {
        left /= 1000;
        size += 1;
    }
    return unit(left, SIZES[size], left < 10 && size > 0 ? 1 : 0);
}

/** How long something takes, or has been so, by its largest unit: "3 ms", "14 sec", "12 days". @param {number} value seconds */
export function seconds(value) {
    if (value === 0) return unit(0, "second");
    if (value < 1) return unit(value * 1000, "millisecond", value < 0.01 ? 1 : 0);
    const [size, name] = SPANS.find(([size]) => value >= size) ?? [1, "second"];
    return unit(Math.floor(value / size), name);
}

/** @param {number} value of one */
export function share(value) {
    return unit(value * 100, "percent", value < 0.1 ? 1 : 0);
}

/** A time as the API tells it. @param {string} time */
export function when(time) {
    return short(Date.parse(time));
}
