/** `npm run verify`: whether what a server says of an account is what the chain has. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { createPublicClient, http, isAddress } from "viem";

import type { SignedReceipt } from "@compute-credits/client/http/meteringClient";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import { readChainFacts } from "@compute-credits/client/verify/chainFacts";
import { createServerAnswers } from "@compute-credits/client/verify/serverAnswers";
import { verifyAccount } from "@compute-credits/client/verify/verifyAccount";
import { parseCredits } from "@compute-credits/protocol/amounts";

const HELP = `npm run verify -- --account 0x… --contract 0x… [options]

Checks a party's purchases, its row, its proof and the published rows against the chain, what it was charged against what
its owner signed, and a provider's receipts against what it was paid. Says what holds, what does not, and what one can do.
Believes the chain alone. Exit code 1 where something does not hold.

  --server URL         the metering server, or a mirror of its data (http://127.0.0.1:8080)
  --rpc URL            the chain, best one's own node (http://127.0.0.1:8545)
  --receipt FILE       a provider's earnings receipt, as POST /v1/receipts answered it; may be given again
  --ceiling CREDITS    what you know to have signed for at most (accountCap): where that is less than the allowances
                       show, or the server, a mirror, shows none`;

const { values } = parseArgs({
  options: {
    account: { type: "string", default: "" },
    contract: { type: "string", default: "" },
    server: { type: "string", default: "http://127.0.0.1:8080" },
    rpc: { type: "string", default: "http://127.0.0.1:8545" },
    receipt: { type: "string", multiple: true, default: [] },
    ceiling: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const { account, contract, ceiling } = values;

async function receiptIn(file: string): Promise<SignedReceipt> {
  const text = await readFile(file, "utf8");
  return SignedReceiptJson.parse(JSON.parse(text));
}

if (
  values.help ||
  !isAddress(account, { strict: false }) ||
  !isAddress(contract, { strict: false })
) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 1;
} else {
  const client = createPublicClient({ transport: http(values.rpc) });
  const findings = await verifyAccount(account, {
    chain: await readChainFacts({ client, contract }, account),
    server: createServerAnswers(values.server),
    receipts: await Promise.all(values.receipt.map(receiptIn)),
    ...(ceiling === undefined ? {} : { ceilingMicros: parseCredits(ceiling) }),
  });
  for (const { holds, text, remedy } of findings) {
    console.log(`${holds ? "✔" : "✘"} ${text}${remedy === undefined ? "" : `\n    ${remedy}`}`);
  }
  process.exitCode = findings.every(({ holds }) => holds) ? 0 : 1;
}
