import { z } from "zod";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import {
  AddressField,
  Bytes32Field,
  SignatureField,
  uintField,
} from "@compute-credits/protocol/json/fields";
import { usable } from "../errors/usable.ts";
import type { SignedCopy } from "./copies.ts";

const signed = {
  id: Bytes32Field,
  by: AddressField,
  deployment: z.strictObject({ chainId: z.int(), contract: AddressField }),
  signature: SignatureField,
};

const Copy = z.discriminatedUnion("kind", [
  z.strictObject({
    ...signed,
    kind: z.literal("allowance"),
    allowance: AllowanceJson,
    scope: ScopeJson,
  }),
  z.strictObject({ ...signed, kind: z.literal("revocation"), allowance: Bytes32Field }),
  z.strictObject({
    ...signed,
    kind: z.literal("acceptance"),
    spender: AddressField,
    account: AddressField,
    accepted: z.boolean(),
    signedAt: uintField(63),
  }),
]) satisfies z.ZodType<SignedCopy>;

/** A copy as one line of JSON, for stores of files or databases. */
export function copyText(copy: SignedCopy): string {
  return jsonText(copy);
}

/** Reads `copyText`. Throws a `CreditsError` (`invalid_input`) for text that is none. */
export function parseCopy(text: string): SignedCopy {
  return usable(() => Copy.parse(JSON.parse(text)));
}
