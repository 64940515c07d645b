// @ts-check
/** What an address asks for. */
import {isName} from "./wire.js";

/** Whether it is that of the operators' page. @param {{pathname: string}} address */
export function operating({pathname}) {
    return pathname === "/operate";
}

/** The channel or nick that an address asks for, or "". @param {{pathname: string, search: string}} address */
export function wantedBy({pathname, search}) {
    const channel = behind(pathname, "/c/");
    const name = channel && !/^[#&+!]/.test(channel) ? `#${channel}` : channel;
    const wanted = name || (new URLSearchParams(search).get("talk") ?? "");
    return isName(wanted) ? wanted : "";
}

/** The token of an invitation that an address has, or "". @param {{pathname: string}} address */
export function invitation({pathname}) {
    return behind(pathname, "/join/");
}

/** What stands in a path behind its beginning; "": nothing, or what means nothing. @param {string} path @param {string} beginning */
function behind(path, beginning) {
    if (!path.startsWith(beginning)) return "";
    try {
        return decodeURIComponent(path.slice(beginning.length));
    } catch {
        return "";
    }
}
