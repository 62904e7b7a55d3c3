import { inspect } from "node:util";

/** The ledger and the model, or the ledger and itself, do not agree: what the simulation looks for. */
export class Disagreement extends Error {
  override readonly name = "Disagreement";

  constructor(what: string, evidence: object) {
    super(`${what}\n${inspect(evidence, { depth: 8, breakLength: 140 })}`);
  }
}
