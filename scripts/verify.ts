/** `npm run verify`: compares what a server says of an account with the chain. */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { type Address, createPublicClient, http } from "viem";

import {
  type SignedReceipt,
  createMeteringClient,
} from "@compute-credits/client/http/meteringClient";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import { readChainFacts } from "@compute-credits/client/verify/chainFacts";
import type { Finding, Result } from "@compute-credits/client/verify/finding";
import { createServerAnswers } from "@compute-credits/client/verify/serverAnswers";
import { verifyAccount } from "@compute-credits/client/verify/verifyAccount";
import { parseCredits } from "@compute-credits/protocol/amounts";
import {
  addressOption,
  httpUrl,
  readOptions,
  run,
  UsageError,
} from "@compute-credits/platform/process/commandLine";
import { CHAIN_ENVIRONMENT } from "@compute-credits/platform/process/environment";
import { hideUrls } from "@compute-credits/platform/process/hideSecrets";
import { createFolderCopies } from "./copies/folderCopies.ts";
import { explainChainError } from "./explainChainError.ts";

const SIGNS: Readonly<Record<Result, string>> = {
  holds: "✔",
  fails: "✘",
  not_yet: "…",
  not_checked: "–",
};
/** Between two attempts. */
const PAUSE_MS = 1_000;

const HELP = `npm run verify -- --account 0x… --contract 0x… [options]

Checks a party's purchases, row, proof and published rows against the chain. Checks what it was
charged against what its owner signed, and a provider's receipts against what it was paid. Trusts
only the chain. Prints each result and what to do about it: ✔ holds, ✘ fails, … can't be told yet,
because the server is behind the chain, – was not checked. The exit code is 1 if a check fails, three
times in a row.

What the owner signed and the server's balance are private: they take a view key of the account, or
the key of the provider for a balance. Without one it checks what the chain and the published rows
alone can show, and with --copies what they charge against what you kept.

  --server URL         the metering server, or a mirror of its data (http://127.0.0.1:8080)
  --rpc URL            the chain, best your own node (http://127.0.0.1:8545)
  --view-key KEY       of the account; better in the environment: VIEW_KEY
  --receipt FILE       a provider's earnings receipt, as POST /v1/receipts answered it; repeatable
  --copies FOLDER      copies of what the owner signed, as npm run credits --copies keeps them: they
                       count as if the server showed them; or COPIES in the environment
  --ceiling CREDITS    the most that you know to have signed for (accountCap), if the allowances
                       show more, or a mirror shows none
  --deployment-block N of the contract, on rollups, if the server does not say it
  --help               this text`;

await run(async () => {
  const { values } = readOptions({
    options: {
      account: { type: "string", default: "" },
      contract: { type: "string", default: "" },
      server: { type: "string", default: "http://127.0.0.1:8080" },
      rpc: { type: "string", default: "http://127.0.0.1:8545" },
      "view-key": { type: "string", default: process.env["VIEW_KEY"] ?? "" },
      receipt: { type: "string", multiple: true, default: [] },
      copies: { type: "string", default: process.env["COPIES"] ?? "" },
      ceiling: { type: "string" },
      "deployment-block": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { ceiling } = values;
  const account = address("--account", values.account);
  const contract = address("--contract", values.contract);
  const server = httpUrl("--server", values.server);
  const rpc = httpUrl("--rpc", values.rpc);
  const ceilingMicros = ceiling === undefined ? {} : { ceilingMicros: amount(ceiling) };
  const receipts = await Promise.all(values.receipt.map(receiptIn));

  const client = createPublicClient({ transport: http(rpc) });
  const deploymentBlock = await blockOf(values["deployment-block"], server);
  const on = { client, contract, deploymentBlock };
  const key = viewKey(values["view-key"]);
  const answers = createServerAnswers(server, key === null ? {} : { key });
  const copies =
    values.copies === "" ? {} : { copies: createFolderCopies("--copies", values.copies) };
  const verification = { server: answers, receipts, ...ceilingMicros, ...copies };
  const findings = await settled(async () => {
    const chain = await readChainFacts(on, account).catch((error: unknown) => {
      if (error instanceof CreditsError && error.reason === "unknown_deployment_block") {
        throw new UsageError(`${error.message}. Give --deployment-block, and check --rpc.`);
      }
      const text = explainChainError(error, { rpc, option: "--rpc" });
      throw text === null ? error : new UsageError(text, { cause: error });
    });
    return await verifyAccount(account, { chain, ...verification });
  });
  for (const { result, text, remedy } of findings) {
    console.log(
      hideUrls(`${SIGNS[result]} ${text}${remedy === undefined ? "" : `\n    ${remedy}`}`),
    );
  }
  if (findings.some(({ result }) => result === "fails")) process.exitCode = 1;
});

/** Whether asking again cannot change the finding. */
function isSettled({ result }: Finding): boolean {
  return result === "holds" || result === "not_checked";
}

/** The key as given; `null` without one. Does not show it. */
function viewKey(text: string): string | null {
  if (text === "") return null;
  if (/^\S{1,256}$/.test(text)) return text;
  throw new UsageError(
    "--view-key is one word, as the server's answer or your wallet's program made it.",
  );
}

/**
 * Verifies again, up to three times in all, if a check does not hold: chain and server are read one
 * after the other, and may both go on meanwhile.
 */
async function settled(verify: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  for (let left = 2; ; left--) {
    // oxlint-disable-next-line no-await-in-loop -- each after the one before
    const findings = await verify();
    if (left === 0 || findings.every(isSettled)) return findings;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await delay(PAUSE_MS);
  }
}

/** The block of the deployment as given, or as the server says; null if it says nothing. */
async function blockOf(text: string | undefined, server: string): Promise<bigint | null> {
  if (text === undefined) {
    return await createMeteringClient(server)
      .deploymentBlock()
      .catch(() => null);
  }
  const block = CHAIN_ENVIRONMENT.DEPLOYMENT_BLOCK.safeParse(text);
  if (block.success && block.data !== undefined) return block.data;
  throw new UsageError(`--deployment-block is the number of a block, not "${text}".`);
}

/** Shows the usage to a person who gave none. */
function address(option: string, text: string): Address {
  if (text === "") throw new UsageError(`${option} is missing.\n\n${HELP}`);
  return addressOption(option, text);
}

function amount(text: string): bigint {
  try {
    return parseCredits(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `--ceiling is an amount like 100 or 12.5, with at most six decimals, not "${text}".`,
      { cause: error },
    );
  }
}

async function receiptIn(file: string): Promise<SignedReceipt> {
  try {
    return SignedReceiptJson.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new UsageError(
      `--receipt ${file} is not a receipt that can be read. It has the JSON that ` +
        "POST /v1/receipts answered.",
      { cause: error },
    );
  }
}
