// @ts-check
/** A list that comes page by page. */
import {button, fill} from "../dom.js";
import {say} from "../words.js";

/**
 * Show a page of it: the first in place of what was there, others behind that.
 * @param {HTMLElement} list
 * @param {HTMLElement} more where the button for the next page is
 * @param {{items: any[], next?: string}} found
 * @param {(item: any) => HTMLElement} row
 * @param {{next: string, none: string, look: (next: string) => void}} how `next`: the path that was asked for, "" of the first
 */
export function sheet(list, more, found, row, {next, none, look}) {
    const rows = found.items.map(row);
    const follows = found.next;
    if (next) list.append(...rows);
    else fill(list, ...rows);
    if (next && !follows) /** @type {HTMLElement | null} */ (rows[0]?.querySelector("button"))?.focus(); // its button is gone
    fill(more, follows ? button(say("operate.more"), () => look(follows)) : !list.children.length && none);
}
