/** The steps of settlement between which a server may be killed. */
export type SettlementStep =
  /** a checkpoint was cut */
  | "cut"
  /** the decision to sign it was recorded */
  | "decided"
  /** the meter's signatures were made */
  | "signed"
  /** and recorded */
  | "kept"
  /** a transaction was recorded */
  | "recorded"
  /** and sent */
  | "sent"
  /** and is in a block */
  | "mined";

/** Told of each step; a test that throws here kills the server between two of them. */
export type Probe = (step: SettlementStep) => Promise<void>;

export const noProbe: Probe = () => Promise.resolve();
