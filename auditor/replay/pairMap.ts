/**
 * A map whose keys are two texts. Looking up two long texts is quicker than joining them first:
 * a debit looks up several.
 */
export class PairMap<First extends string, Second extends string, Value> {
  readonly #maps = new Map<First, Map<Second, Value>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(first: First, second: Second): Value | undefined {
    return this.#maps.get(first)?.get(second);
  }

  has(first: First, second: Second): boolean {
    return this.#maps.get(first)?.has(second) === true;
  }

  set(first: First, second: Second, value: Value): void {
    if (!this.has(first, second)) this.#size++;
    const ofFirst = this.#maps.get(first);
    if (ofFirst === undefined) this.#maps.set(first, new Map([[second, value]]));
    else ofFirst.set(second, value);
  }

  *values(): Generator<Value> {
    for (const ofFirst of this.#maps.values()) yield* ofFirst.values();
  }

  clear(): void {
    this.#maps.clear();
    this.#size = 0;
  }
}
