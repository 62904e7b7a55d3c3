export type CheckpointStatus =
  /** cut: it waits for signatures, or is on its way to the chain */
  | "prepared"
  /** on chain, in its dispute window */
  | "pending"
  /** on chain, its rows can be settled */
  | "final"
  /** vetoed or disproved on chain; its epoch is used again */
  | "dropped"
  /** given up before the meter signed it, and cut anew */
  | "abandoned";
