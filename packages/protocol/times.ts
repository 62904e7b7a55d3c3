/** 9999-12-31T23:59:59Z in seconds since 1970: the last year that ISO 8601 writes in four digits. */
export const LAST_SECOND = 253_402_300_799n;

/** The last millisecond of the year 9999. */
export const LAST_MS = Number(LAST_SECOND) * 1000 + 999;
