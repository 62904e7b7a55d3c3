import { expect } from "chai";
import * as fc from "fast-check";

import {
  type AcceptanceProof,
  type AcceptanceState,
  MAX_ACCEPTANCE_CHANGES,
  decideAcceptance,
} from "@compute-credits/rules/acceptances/acceptance";

const NOW = new Date("2026-01-01T00:00:00Z");
const NOW_MS = BigInt(NOW.getTime());

interface Change {
  readonly accepted: boolean;
  readonly proof: AcceptanceProof;
}

const anyProof: fc.Arbitrary<AcceptanceProof> = fc.oneof(
  fc.constantFrom<AcceptanceProof>({ how: "key" }, { how: "own" }, { how: "issuer" }),
  fc.integer({ min: 1, max: 12 }).map((n) => signed(BigInt(n))),
);

function signed(signedAt: bigint): AcceptanceProof {
  return { how: "wallet", signature: "0x5a", signedAt };
}

/** An end always needs the word of the spender. */
const anyChange: fc.Arbitrary<Change> = fc
  .record({ accepted: fc.boolean(), proof: anyProof })
  .filter(({ accepted, proof }) => accepted || proof.how === "key" || proof.how === "wallet");

/** Applies changes in order. Returns the states after each. */
function replay(changes: readonly Change[]): (AcceptanceState | null)[] {
  let state: AcceptanceState | null = null;
  return changes.map((change) => {
    const decided = decideAcceptance(state, change, NOW);
    if (decided !== "unchanged" && !("reason" in decided)) state = decided;
    return state;
  });
}

describe("decideAcceptance", () => {
  it("takes each message of a wallet at most once, in the order in which they were signed", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), (changes) => {
        let state: AcceptanceState | null = null;
        let newest = 0n;
        for (const change of changes) {
          const decided = decideAcceptance(state, change, NOW);
          if (decided === "unchanged" || "reason" in decided) continue;
          if (change.proof.how === "wallet") {
            expect(change.proof.signedAt > newest).to.equal(true);
            newest = change.proof.signedAt;
          }
          expect(decided).to.include({ accepted: change.accepted, signedAt: newest });
          state = decided;
        }
      }),
    );
  });

  it("never lets a rule undo what a spender ended", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), (changes) => {
        const states = replay(changes);
        for (const [index, { proof }] of changes.entries()) {
          const before = index === 0 ? null : (states[index - 1] ?? null);
          if (before === null || proof.how === "key" || proof.how === "wallet") continue;
          expect(states[index]).to.equal(before);
        }
      }),
    );
  });

  it("comes to the same if every request is sent twice", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), (changes) => {
        const once = replay(changes).at(-1) ?? null;
        const twice = replay(changes.flatMap((change) => [change, change])).at(-1) ?? null;
        expect(twice).to.deep.equal(once);
      }),
    );
  });

  it("refuses what is dated ahead of the clock, or has no acceptance to end", () => {
    const accept = (signedAt: bigint) =>
      decideAcceptance(null, { accepted: true, proof: signed(signedAt) }, NOW);
    expect(accept(NOW_MS + 300_000n)).to.include({ accepted: true });
    expect(accept(NOW_MS + 300_001n)).to.deep.equal({ reason: "acceptance_in_future", now: NOW });
    const end = { accepted: false, proof: { how: "key" } } as const;
    expect(decideAcceptance(null, end, NOW)).to.deep.equal({ reason: "acceptance_not_found" });
  });

  it("bounds acceptances of a pair, and always lets the last one end", () => {
    const changes = 2 * MAX_ACCEPTANCE_CHANGES;
    const state = { accepted: true, signedAt: 0n, changes };
    const end = { accepted: false, proof: { how: "key" } } as const;
    const ended = decideAcceptance(state, end, NOW);
    expect(ended).to.deep.equal({ accepted: false, signedAt: 0n, changes: changes + 1 });
    const accept = { accepted: true, proof: { how: "key" } } as const;
    expect(decideAcceptance({ ...state, accepted: false }, accept, NOW)).to.deep.equal({
      reason: "too_many_changes",
      limit: MAX_ACCEPTANCE_CHANGES,
    });
  });
});
