/** A price that was agreed on, kept with a hold or a quote, so that it is charged whatever the cards say later. */
export interface PinnedRate {
  readonly rateCardVersion: number;
  readonly microCredits: bigint;
  readonly perUnits: bigint;
}

/** Rounds up: a provider is never paid under its rate; the payer loses under one micro-credit per event. */
export function pricePinned({ microCredits, perUnits }: PinnedRate, quantity: bigint): bigint {
  return (quantity * microCredits + perUnits - 1n) / perUnits;
}
