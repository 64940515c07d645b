// @ts-check
/** What an address asks for. */

/** Whether it is that of the operators' page. @param {{pathname: string}} address */
export function operating({pathname}) {
    return pathname === "/operate";
}

/** The channel or nick that an address asks for, or "". @param {{pathname: string, search: string}} address */
export function wantedBy({pathname, search}) {
    if (pathname.startsWith("/c/")) {
        try {
            const name = decodeURIComponent(pathname.slice(3));
            return /^[#&+!]/.test(name) ? name : `#${name}`;
        } catch {
            return "";
        }
    }
    return new URLSearchParams(search).get("talk") ?? "";
}
