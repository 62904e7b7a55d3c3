import { inspect } from "node:util";

/** The ledger disagrees with the model or with itself. This is what the simulation looks for. */
export class DisagreementError extends Error {
  override readonly name = "DisagreementError";

  constructor(what: string, evidence: object) {
    super(`${what}\n${inspect(evidence, { depth: 8, breakLength: 140 })}`);
  }
}
