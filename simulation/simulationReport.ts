export interface SimulationReport {
  readonly operations: number;
  readonly debits: number;
  /** events that several accounts paid, each at its own tier */
  readonly sharedPrices: number;
  readonly voids: number;
  readonly writeOffs: number;
  readonly holds: number;
  readonly checkpoints: number;
  readonly allowances: number;
  /** promotion codes, and how often they were redeemed */
  readonly codes: number;
  readonly redemptions: number;
  /** falls of balances below the thresholds of webhooks, each told once */
  readonly crossings: number;
  /** grants that accounts claimed by a campaign's rule */
  readonly claims: number;
  /** rows of daily sums by payer */
  readonly daysOfPayers: number;
  readonly receipts: number;
  /** requests by kind, and how many of them were done */
  readonly kinds: ReadonlyMap<string, { readonly asked: number; readonly done: number }>;
  /** refusals by reason */
  readonly refusals: ReadonlyMap<string, number>;
  readonly killedProcesses: number;
  readonly killedDatabases: number;
  /** faults that were injected besides, by kind */
  readonly faults: Readonly<Record<string, number>>;
  readonly lostAnswers: number;
  /** allowances that the audit cannot replay because an answer was lost */
  readonly skippedAllowances: number;
  /** what the real auditor audited; `null` without it */
  readonly audited: {
    readonly checkpoints: number;
    readonly entries: number;
    readonly cosignedReceipts: number;
  } | null;
}
