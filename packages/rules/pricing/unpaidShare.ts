/**
 * The share of some work that no account has paid for yet: at first the whole. An amount pays for
 * the share that it is of the payer's own price for the whole. Exact: a fraction of two bigints.
 */
export class UnpaidShare {
  #numerator = 1n;
  #denominator = 1n;

  /** What this share costs at a price for the whole. Rounds up: the provider is paid in full. */
  dueMicros(priceMicros: bigint): bigint {
    return (this.#numerator * priceMicros + this.#denominator - 1n) / this.#denominator;
  }

  /** Pays a part. `amountMicros` must be less than `dueMicros(priceMicros)`. */
  pay(amountMicros: bigint, priceMicros: bigint): void {
    if (priceMicros === this.#denominator) {
      this.#numerator -= amountMicros;
      return;
    }
    this.#numerator = this.#numerator * priceMicros - amountMicros * this.#denominator;
    this.#denominator *= priceMicros;
  }

  /** The units paid for so far, of `quantity`. Rounds to the nearest, a half up. */
  paidUnits(quantity: bigint): bigint {
    const paid = this.#denominator - this.#numerator;
    return (2n * quantity * paid + this.#denominator) / (2n * this.#denominator);
  }
}
