/**
 * The keys of all advisory locks, in one place so that no two are equal: a second use of the
 * settler's key would wait as long as a server leads. The numbers are arbitrary, but no other
 * program on the database may use them.
 */
export const ADVISORY_LOCK = {
  /** held while migrations run */
  migrations: 7_310_001,
  /** held by the server that settles */
  settler: 7_310_002,
  /** held by the server that sweeps deposit addresses */
  sweeper: 7_310_004,
  /** held by the server that tops accounts up */
  keeper: 7_310_005,
  /** held while a watch of a deposit address is added: one at a time */
  depositWatches: 7_310_006,
  /** held while a rate card is published: one at a time */
  publishing: 7_310_003,
  /** held while a provider's profile is put in force: one at a time */
  profiles: 7_310_004,
  /** held while an endpoint of webhooks is added: one at a time */
  webhooks: 7_310_031,
} as const;
