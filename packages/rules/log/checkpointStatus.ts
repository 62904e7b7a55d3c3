export type CheckpointStatus =
  /** cut; collecting signatures or being submitted */
  | "prepared"
  /** on chain, in the dispute window */
  | "pending"
  /** on chain; its rows can be settled */
  | "final"
  /** vetoed or disproved on chain; its epoch number is reused */
  | "dropped"
  /** abandoned before the meter signed it; a new one is cut */
  | "abandoned";
