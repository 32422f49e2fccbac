/** `a..b`: whole numbers, both ends included. */
export const RANGE = /^-?\d+\.\.-?\d+$/;
