import { expect } from "chai";
import * as fc from "fast-check";
import { numberToHex } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { Charge } from "@compute-credits/rules/spending/findCharges";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { NOW, account, key, owner, provider, sponsor } from "../../fixtures/anyLedger.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

/** What happens to a contract wallet's account, in any order. */
type Step =
  | { readonly kind: "charge" | "hold"; readonly micros: bigint }
  /** captures a part of the oldest hold, and returns the rest if it is final */
  | { readonly kind: "capture"; readonly percent: bigint; readonly final: boolean }
  | { readonly kind: "void" }
  /** the court has this cap on record; it emits nothing if that is no higher */
  | { readonly kind: "record"; readonly capMicros: bigint }
  | { readonly kind: "purchase"; readonly micros: bigint };

const micros = fc.bigInt({ min: 0n, max: 40n });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("charge", "hold"), micros }),
  fc.record({
    kind: fc.constant("capture"),
    percent: fc.bigInt({ min: 0n, max: 100n }),
    final: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("void") }),
  fc.record({ kind: fc.constant("record"), capMicros: fc.bigInt({ min: 0n, max: 120n }) }),
  fc.record({ kind: fc.constant("purchase"), micros }),
);

/** Two allowances of a contract wallet, one of them a grant, and one of a key's account. */
const CAMPAIGN = allowanceOf({
  id: numberToHex(9, { size: 32 }),
  account: owner,
  byContract: true,
});
const ALLOWANCES: readonly Allowance[] = [
  allowanceOf({ id: numberToHex(1, { size: 32 }), account: owner, spender: key, byContract: true }),
  allowanceOf({
    id: numberToHex(2, { size: 32 }),
    account: owner,
    spender: key,
    byContract: true,
    campaign: CAMPAIGN.id,
  }),
  allowanceOf({ id: numberToHex(3, { size: 32 }), account: sponsor, spender: key, priority: 200 }),
];

class Scene {
  accounts = new Map<string, Account>([
    [owner, account(owner, { purchased: 100n })],
    [sponsor, account(sponsor, { purchased: 30n })],
  ]);
  readonly holds: Charge[] = [];
  readonly debits: Charge[] = [];
  charged = 0n;

  take(amountMicros: bigint, as: "spent" | "held"): void {
    const draft = this.#draft();
    const usable = draft.usable({ provider, spender: key, meter: "units" });
    if ("reason" in usable) throw new Error(usable.reason);
    const taken = draft.take(usable, { priceMicros: amountMicros }, as);
    if ("reason" in taken) return;
    const { charges } = taken;
    this.#keep(draft);
    (as === "spent" ? this.debits : this.holds).push(...charges);
    for (const charge of charges) if (charge.account === owner) this.charged += charge.amountMicros;
  }

  capture(percent: bigint, final: boolean): void {
    const held = this.holds.shift();
    if (held === undefined) return;
    const capturedMicros = (held.amountMicros * percent) / 100n;
    const rest = held.amountMicros - capturedMicros;
    const draft = this.#draft();
    const returnedMicros = final ? rest : 0n;
    draft.resolveHeld(held, { capturedMicros, returnedMicros, heldAt: NOW });
    this.#keep(draft);
    this.debits.push({ ...held, amountMicros: capturedMicros });
    if (!final) this.holds.push({ ...held, amountMicros: rest });
  }

  void(): void {
    const debit = this.debits.pop();
    if (debit === undefined) return;
    const draft = this.#draft();
    draft.returnSpent(debit, NOW);
    this.#keep(draft);
  }

  get wallet(): Account {
    const found = this.accounts.get(owner);
    if (found === undefined) throw new Error("the wallet is missing");
    return found;
  }

  set wallet(next: Account) {
    this.accounts.set(owner, next);
  }

  #draft(): SpendingDraft {
    return new SpendingDraft({
      now: NOW,
      accounts: new Map([...this.accounts.values()].map((each) => [each.address, each])),
      allowances: ALLOWANCES,
      campaigns: [CAMPAIGN],
      hasAccess: () => true,
    });
  }

  #keep({ changes }: SpendingDraft): void {
    for (const [address, changed] of changes.accounts) this.accounts.set(address, changed);
  }
}

function apply(scene: Scene, step: Step): void {
  switch (step.kind) {
    case "charge":
      return scene.take(step.micros, "spent");
    case "hold":
      return scene.take(step.micros, "held");
    case "capture":
      return scene.capture(step.percent, step.final);
    case "void":
      return scene.void();
    case "record": {
      const { wallet } = scene;
      if (step.capMicros > wallet.recordedCap) {
        scene.wallet = { ...wallet, recordedCap: step.capMicros };
      }
      return undefined;
    }
    case "purchase":
      scene.wallet = { ...scene.wallet, purchased: scene.wallet.purchased + step.micros };
      return undefined;
    default:
      return step satisfies never;
  }
}

describe("the recorded cap of a contract wallet", () => {
  it("covers what is spent and held, in any order of charges, holds, captures, voids and recordings", () => {
    let charged = 0n;
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const scene = new Scene();
        for (const step of steps) {
          apply(scene, step);
          const { spent, held, recordedCap, purchased } = scene.wallet;
          expect(spent + held <= recordedCap).to.equal(true);
          expect(spent + held <= purchased).to.equal(true);
        }
        charged += scene.charged;
      }),
      { numRuns: propertyRuns(1_000) },
    );
    // The wallet does pay.
    expect(charged > 0n).to.equal(true);
  });
});
