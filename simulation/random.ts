/** Pseudo-random numbers that depend on the seed alone, so that a run can be repeated. */
export interface Random {
  /** an integer from 0 to `below`, exclusive */
  below(below: number): number;
  /** an integer from `min` to `max`, both inclusive */
  between(min: number, max: number): number;
  /** true with a probability of `percent` */
  chance(percent: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/**
 * mulberry32, seeded with an FNV-1a hash of the parts: short, fast and good enough to choose
 * operations.
 */
export function seededRandom(...seed: readonly (string | number)[]): Random {
  let state = 0x811c9dc5;
  for (const character of seed.join("/")) {
    state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }

  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    between: (min, max) => min + below(max - min + 1),
    chance: (percent) => next() * 100 < percent,
    pick: (items) => items[below(items.length)] ?? items[0],
  };
}
