/** What one provider may store, the same on every server. docs/limits.md is generated from these. */
export const PROVIDER_BOUNDS = {
  openKeys: { most: 100, of: "keys that are not revoked" },
  keys: { most: 10_000, of: "keys, revoked ones included" },
  spenders: { most: 1_000_000, of: "spenders that ever gave it access" },
  meterKeys: { most: 1_000, of: "meter keys, revoked ones included" },
  cardBytes: { most: 128 * 1_024, of: "bytes of one rate card, as JSON" },
  cardsPerDay: { most: 48, of: "rate cards in 24 hours" },
  allCardBytes: { most: 4 * 1_024 * 1_024, of: "bytes of all its rate cards" },
} as const;

export type ProviderBound = keyof typeof PROVIDER_BOUNDS;

/** Thrown if a provider stores as much as it may. Nothing was stored. */
export class ProviderBoundReached extends Error {
  override readonly name = "ProviderBoundReached";
  readonly bound: ProviderBound;

  constructor(bound: ProviderBound) {
    super(`the provider has reached its bound of ${PROVIDER_BOUNDS[bound].of}`);
    this.bound = bound;
  }
}

/** Throws `ProviderBoundReached` if a provider would have more than it may. */
export function checkBound(bound: ProviderBound, count: number | bigint): void {
  if (count > PROVIDER_BOUNDS[bound].most) throw new ProviderBoundReached(bound);
}
