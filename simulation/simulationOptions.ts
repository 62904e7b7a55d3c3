export interface SimulationOptions {
  readonly operations: number;
  readonly seed: string;
  readonly processes: number;
  /** how many crashes are injected under load */
  readonly kills: { readonly processes: number; readonly databases: number };
  /** also runs the real auditor, which recomputes every checkpoint */
  readonly audit: boolean;
  readonly log: (line: string) => void;
}
