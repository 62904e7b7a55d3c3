/**
 * Advisory locks of the whole database, side by side so that no two are the same: a lock of one that waits for another's
 * would wait for as long as a server leads. Any constants that no other user of the database takes.
 */
export const ADVISORY_LOCK = {
  /** held while migrations run */
  migrations: 7_310_001,
  /** whoever holds it settles */
  settler: 7_310_002,
  /** one rate card is published at a time */
  publishing: 7_310_003,
} as const;
