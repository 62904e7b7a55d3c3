/** `npm run verify`: whether what a server says of an account is what the chain has. */
import { parseArgs } from "node:util";

import { createPublicClient, http, isAddress } from "viem";

import { askServer, readChainFacts, verifyAccount } from "../client/verifyAccount.ts";
import { parseCredits } from "../protocol/amounts.ts";

const HELP = `npm run verify -- --account 0x… --contract 0x… [options]

Checks a party's row, its proof and the published rows against the chain, and says what holds, what does not and what
one can do. Believes the chain alone. Exit code 1 where something does not hold.

  --server URL         the metering server, or a mirror of its data (http://127.0.0.1:8080)
  --rpc URL            the chain, best one's own node (http://127.0.0.1:8545)
  --ceiling CREDITS    the largest total that the account's owner ever signed for (accountCap)`;

const { values } = parseArgs({
  options: {
    account: { type: "string", default: "" },
    contract: { type: "string", default: "" },
    server: { type: "string", default: "http://127.0.0.1:8080" },
    rpc: { type: "string", default: "http://127.0.0.1:8545" },
    ceiling: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const { account, contract, ceiling } = values;
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
    server: askServer(values.server),
    ...(ceiling === undefined ? {} : { ceilingMicros: parseCredits(ceiling) }),
  });
  for (const { holds, text, remedy } of findings) {
    console.log(`${holds ? "✔" : "✘"} ${text}${remedy === undefined ? "" : `\n    ${remedy}`}`);
  }
  process.exitCode = findings.every(({ holds }) => holds) ? 0 : 1;
}
