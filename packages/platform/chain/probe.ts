/** The steps of settlement, in their order, between which a server may be killed. */
export const SETTLEMENT_STEPS = [
  /** a checkpoint was cut */
  "cut",
  /** the decision to sign it was recorded */
  "decided",
  /** the meter's signatures were made */
  "signed",
  /** and recorded */
  "kept",
  /** a transaction was recorded */
  "recorded",
  /** and sent */
  "sent",
  /** and is in a block */
  "mined",
] as const;

export type SettlementStep = (typeof SETTLEMENT_STEPS)[number];

/** Told of each step; a test that throws here kills the server between two of them. */
export type Probe = (step: SettlementStep) => Promise<void>;

export const noProbe: Probe = () => Promise.resolve();
