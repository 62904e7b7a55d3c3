import type { Address } from "viem";

import type { ContractConnection } from "@compute-credits/client/chain/readCheckpoints";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { readChainFacts } from "@compute-credits/client/verify/chainFacts";
import type { Finding } from "@compute-credits/client/verify/finding";
import { createServerAnswers } from "@compute-credits/client/verify/serverAnswers";
import { verifyAccount } from "@compute-credits/client/verify/verifyAccount";
import { api } from "../queries/api.ts";

const TRIES = 3;
const PAUSE_MS = 1_000;

/**
 * Checks what the server says of the account that is signed in against the chain, as
 * `npm run verify` does. Chain and server are read one after the other and may go on meanwhile, so
 * what does not hold is looked at again, up to three times.
 */
export async function verifyOwn(
  on: ContractConnection,
  account: Address,
): Promise<readonly Finding[]> {
  const metering = createMeteringClient(api.url);
  const server = {
    ...createServerAnswers(api.url),
    own: {
      balance: (of: Address) => metering.balance(of),
      allowances: (of: Address) => metering.allowances(of),
    },
  };
  for (let tries = 1; ; tries++) {
    // oxlint-disable-next-line no-await-in-loop -- each after the one before
    const chain = await readChainFacts(on, account);
    // oxlint-disable-next-line no-await-in-loop
    const findings = await verifyAccount(account, { chain, server });
    if (tries === TRIES || findings.every(({ result }) => result === "holds")) return findings;
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
