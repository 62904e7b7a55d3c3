/** How many of each are injected. */
export interface Faults {
  /** a server process is stopped for seconds (SIGSTOP), with the locks that it holds */
  readonly frozenProcesses: number;
  /** PostgreSQL is stopped for seconds: connections stay open, and none answers */
  readonly frozenDatabases: number;
  /** the open connections of one server process pass nothing on any more */
  readonly silences: number;
  /** the database is replaced by its oldest backup, and recovered from a copy of the log */
  readonly restores: number;
}

export interface SimulationOptions {
  readonly operations: number;
  readonly seed: string;
  readonly processes: number;
  /** most operations are about holds; otherwise most are events */
  readonly mostlyHolds?: boolean;
  /** how many crashes are injected under load */
  readonly kills: { readonly processes: number; readonly databases: number };
  /** faults that end by themselves, and an older copy of the database; none without */
  readonly faults?: Faults;
  /** also runs the real auditor, which recomputes every checkpoint */
  readonly audit: boolean;
  readonly log: (line: string) => void;
}
