export interface SimulationOptions {
  readonly operations: number;
  readonly seed: string;
  readonly processes: number;
  /** what is killed under load */
  readonly kills: { readonly processes: number; readonly databases: number };
  /** also lets the auditor that operators run follow, and make every checkpoint again */
  readonly audit: boolean;
  readonly log: (line: string) => void;
}
