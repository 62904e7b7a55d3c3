/** The most lots of one hold: each change of a hold looks at all of them. */
export const MAX_LOTS = 100;
