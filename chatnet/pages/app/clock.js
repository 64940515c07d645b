/**
 * Time as the browser has it.
 */

/**
 * `now` in milliseconds since 1970; `ticks` in those since whenever, which nobody sets; `later` calls once, unless what it returns is called before; `soon` calls when all is read
 * that has come.
 * @typedef {object} Clock
 * @property {() => number} now
 * @property {() => number} ticks
 * @property {(ms: number, what: () => void) => () => void} later
 * @property {(what: () => void) => void} soon
 */

const channel = new MessageChannel();
/** @type {(() => void)[]} */
const waiting = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** @type {Clock} */
export const realClock = {
    now: () => Date.now(),
    ticks: () => performance.now(),
    later: (ms, what) => {
        const timer = setTimeout(what, ms);
        return () => clearTimeout(timer);
    },
    // A page in the background has its timers once a second, or once a minute; this it has at once.
    soon: (what) => {
        waiting.push(what);
        channel.port2.postMessage(null);
    },
};
