/** The steps of settlement, in order. Tests kill a server between any two of them. */
export const SETTLEMENT_STEPS = [
  /** the checkpoint was cut */
  "cut",
  /** the decision to sign it was recorded */
  "decided",
  /** the meter has signed */
  "signed",
  /** its signatures were recorded */
  "kept",
  /** the transaction was recorded */
  "recorded",
  /** the transaction was sent */
  "sent",
  /** the transaction is in a block */
  "mined",
] as const;

export type SettlementStep = (typeof SETTLEMENT_STEPS)[number];

/** Called after each step. A test throws here to stop the server between two steps. */
export type Probe = (step: SettlementStep) => Promise<void>;

export const noProbe: Probe = () => Promise.resolve();
