import type { Address, Hex } from "viem";

import type { IssuingKeyMessage } from "@compute-credits/protocol/messages/issuingKey";
import type { NewChainEvent } from "./newChainEvent.ts";
import type { SimulatedCapture, SimulatedHold } from "./model/holdRequest.ts";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { AcceptanceChange } from "../server/stores/acceptances/acceptanceStore.ts";
import type { SignedAllowance } from "../server/stores/allowances/allowanceStore.ts";
import type { NewCode, Redemption } from "../server/stores/allowances/grantStore.ts";
import type { ExtendRequest, HoldKey } from "@compute-credits/rules/holds/requests";
import type { UtilisationReport } from "../server/stores/pricing/multiplierStore.ts";
import type { QuoteRequest } from "../server/stores/pricing/quoteStore.ts";

/** One operation of a lane. It depends on the seed alone, never on an answer. */
export type Operation =
  | { readonly kind: "record"; readonly events: readonly UsageEvent[]; readonly twice: boolean }
  | { readonly kind: "void"; readonly provider: Address; readonly id: string }
  | { readonly kind: "authorize"; readonly request: SimulatedHold }
  | { readonly kind: "capture"; readonly request: SimulatedCapture }
  | { readonly kind: "release"; readonly key: HoldKey }
  | { readonly kind: "extend"; readonly request: ExtendRequest }
  | {
      readonly kind: "allow";
      readonly signed: SignedAllowance;
      /** what the spender says with it; `null` for nothing */
      readonly proof: AcceptanceProof | null;
    }
  | { readonly kind: "accept"; readonly change: AcceptanceChange }
  | { readonly kind: "revoke"; readonly id: Hex }
  | {
      readonly kind: "issue";
      readonly campaign: Hex;
      readonly grants: readonly GrantRequest[];
      /** the owner of the account, or an issuing key, perhaps one that may not issue */
      readonly issuer: Hex;
    }
  | { readonly kind: "issuingKey"; readonly message: IssuingKeyMessage }
  | { readonly kind: "endIssuingKey"; readonly account: Address; readonly keyHash: Hex }
  /** by its key, because its id depends on an answer */
  | { readonly kind: "revokeGrant"; readonly campaign: Hex; readonly key: string }
  | {
      readonly kind: "addCodes";
      readonly campaign: Hex;
      readonly codes: readonly NewCode[];
      /** like that of `issue` */
      readonly issuer: Hex;
    }
  /** contended lanes send them at once, predicted lanes one after the other */
  | { readonly kind: "redeem"; readonly requests: readonly Redemption[] }
  | { readonly kind: "closeCode"; readonly campaign: Hex; readonly codeHash: Hex }
  | { readonly kind: "quote"; readonly number: number; readonly request: QuoteRequest }
  | { readonly kind: "utilisation"; readonly report: UtilisationReport }
  | { readonly kind: "chain"; readonly events: readonly NewChainEvent[] };

/** Counts the outcomes of an operation. A batch counts once per event. */
export function weight(operation: Operation): number {
  switch (operation.kind) {
    case "record":
      return operation.events.length * (operation.twice ? 2 : 1);
    case "chain":
      return operation.events.length;
    case "issue":
      return operation.grants.length;
    case "addCodes":
      return operation.codes.length;
    case "redeem":
      return operation.requests.length;
    default:
      return 1;
  }
}
