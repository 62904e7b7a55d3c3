import type { Payment, PaymentReason } from "@compute-credits/client/chain/planPurchase";
import type { Step } from "../transactions/TransactionSteps.tsx";

/** Why a purchase is paid in this way, for those who pay. */
export const WHY: Readonly<Record<PaymentReason, string>> = {
  approved_already:
    "The vault may take as much of the token already, so one transaction is enough.",
  contract_wallet:
    "Your account is a contract, which cannot sign a payment. It approves exactly the price, and then buys: two transactions.",
  unknown_domain:
    "The token does not say what its signatures are bound to. So you approve exactly the price, and then buy: two transactions.",
  token_has_authorizations:
    "The token takes signed payments (ERC-3009): one signature for exactly this price, and one transaction. Nothing stays approved.",
  token_has_permits:
    "The token takes signed approvals (ERC-2612): one signature for exactly this price, and one transaction. Nothing stays approved.",
  token_has_neither:
    "The token takes no signatures. So you approve exactly the price, and then buy: two transactions. Nothing stays approved.",
};

/** What the payer's signature means. */
export function wordsOf(
  payment: Payment,
  { price, credits }: { readonly price: string; readonly credits: string },
): readonly string[] {
  if (payment === "approval") return [];
  const bound =
    payment === "authorization"
      ? `The vault takes exactly ${price}, once, and gives ${credits} credits to your account. Nobody can use the signature for anything else.`
      : `The vault may take exactly ${price} from you, once.`;
  return [bound, "It is worth nothing after an hour. The next thing you confirm is the purchase."];
}

const LAST_STEPS: readonly Step[] = [
  { label: "Purchase checked without sending it", stages: ["checking"] },
  { label: "Purchase confirmed in your wallet", stages: ["confirming"] },
  { label: "In a block", stages: ["sent"] },
  { label: "Counted by the ledger", stages: ["in_block"] },
];

const SIGNED: Step = { label: "Payment signed in your wallet", stages: ["preparing", "signing"] };

const APPROVED: Step = {
  label: "Exactly the price approved",
  stages: ["preparing", "approval_checking", "approving", "approval_sent"],
};

/** The steps of a purchase, in order. */
export function stepsOf(payment: Payment, because: PaymentReason): readonly Step[] {
  if (because === "approved_already") return LAST_STEPS;
  return [payment === "approval" ? APPROVED : SIGNED, ...LAST_STEPS];
}
