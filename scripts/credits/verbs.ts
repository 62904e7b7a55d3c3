import type { Reader, Verb } from "./frame/verb.ts";
import { balanceVerb } from "./buying/balance.ts";
import { buyVerb } from "./buying/buy.ts";
import { refundVerb } from "./buying/refund.ts";
import { settleVerb } from "./buying/settle.ts";
import { workVerb } from "./buying/work.ts";

/** What the first words of two-word verbs stand for. */
export const GROUPS: Readonly<
  Record<string, { readonly summary: string; readonly reader: Reader }>
> = {};

/** Every verb, in the order of help and of docs/cli.md. */
export const VERBS: readonly Verb[] = [buyVerb, workVerb, balanceVerb, refundVerb, settleVerb];
