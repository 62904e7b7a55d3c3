/** Elects the one server that does a work, such as settling. */
export interface Leadership {
  /** Whether this server leads now. Takes the lead if it is free. Call it before every step. */
  isLeader(): Promise<boolean>;
  /** Gives up the lead, so that another server can take it. */
  resign(): Promise<void>;
}
