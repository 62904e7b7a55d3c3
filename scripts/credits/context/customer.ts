import type { Hex } from "viem";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { FILE, SPENDER, optional } from "../frame/options.ts";
import type { Context } from "./context.ts";
import { readSecretFile } from "./secretFile.ts";

/** How a provider names whom it works for. */
export const CUSTOMER = {
  customerKeyFile: optional(FILE, "the customer's API key, or CREDITS_CUSTOMER_KEY"),
  spender: optional(SPENDER, "the customer, in place of its key"),
};

interface Named {
  readonly customerKeyFile?: string | undefined;
  readonly spender?: Hex | undefined;
}

/** The customer's API key, or `null` if the customer is named by `--spender`. */
export async function customerKey(
  { variables, guard }: Context,
  { customerKeyFile, spender }: Named,
): Promise<string | null> {
  if (customerKeyFile !== undefined && spender !== undefined) {
    throw new UsageError("Give one of --customer-key-file and --spender.");
  }
  if (spender !== undefined) return null;
  if (customerKeyFile !== undefined) {
    return guard(await readSecretFile("--customer-key-file", customerKeyFile));
  }
  const key = variables["CREDITS_CUSTOMER_KEY"] ?? "";
  if (/^[\x21-\x7e]{16,256}$/.test(key)) return guard(key);
  throw new UsageError(
    "A customer is missing. Give --customer-key-file FILE, set CREDITS_CUSTOMER_KEY, or give --spender.",
  );
}

/** The customer as allowances name it. */
export async function customerSpender(context: Context, named: Named): Promise<Hex> {
  const key = await customerKey(context, named);
  if (key !== null) return apiKeySpender(key);
  // `customerKey` has seen to it.
  if (named.spender === undefined) throw new Error("no customer");
  return named.spender;
}
