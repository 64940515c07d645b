// @ts-check
/** What an address asks for. */

/** Whether it is that of the operators' page. @param {{pathname: string}} address */
export function operating({pathname}) {
    return pathname === "/operate";
}

