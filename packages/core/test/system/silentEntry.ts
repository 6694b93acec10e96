/** An entry that comes to its end without joining any system. */
export const nothing = undefined
