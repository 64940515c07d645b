// @ts-check
/** A guest is in one tab at a time: two with one nick would only be a nuisance to each other. */

const NAME = "chatnet.guest";
/** Whether this is the one: it stays it, though somebody was sent to the door and comes in again. */
let held = false;

/**
 * Be the one tab.  Browsers that have no locks (or not over plain HTTP) let all be it.
 * @param {boolean} steal from the other tab, if there is one
 * @param {() => void} lost another tab took over
 * @returns {Promise<boolean>} whether this is it now
 */
export function take(steal, lost) {
    if (held || !navigator.locks) return Promise.resolve(true);
    return new Promise((decide) => {
        navigator.locks
            .request(NAME, steal ? {steal} : {ifAvailable: true}, (lock) => {
                held = lock !== null;
                decide(held);
                return held ? new Promise(() => {}) : undefined;
            })
            .catch(() => {
                held = false;
                lost();
            });
    });
}
