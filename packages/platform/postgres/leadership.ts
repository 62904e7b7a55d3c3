/** One of any number of servers settles at a time. */
export interface Leadership {
  /** Whether this server leads now; takes the lead where nobody has it. Ask before every step. */
  isLeader(): Promise<boolean>;
  /** Leaves the lead to another. */
  resign(): Promise<void>;
}
