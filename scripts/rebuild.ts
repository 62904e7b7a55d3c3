/** `npm run rebuild`: rebuilds a checkpoint from its rows and compares it with the chain. */
import { createReadStream } from "node:fs";

import { type Address, type Hex, createPublicClient, http } from "viem";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { ApiProblem } from "@compute-credits/client/http/api";
import { downloadTable } from "@compute-credits/client/http/checkpointData";
import { readCheckpoints } from "@compute-credits/client/chain/readCheckpoints";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { MalformedData } from "@compute-credits/protocol/data/malformedData";
import { type TableSummary, readTable } from "@compute-credits/protocol/data/tableFile";
import {
  addressOption,
  httpUrl,
  readOptions,
  run,
  UsageError,
} from "@compute-credits/platform/process/commandLine";
import { explainChainError } from "./explainChainError.ts";

const HELP = `npm run rebuild -- --file PATH                 rebuilds root and data hash from a file
npm run rebuild -- --server URL --epoch N      or from a server's answer, as it arrives

  --rpc URL --contract ADDRESS   also compares them with the newest checkpoints on the chain
  --help                         this text

docs/checkpoint-data.md describes the file. The exit code is 1 if anything differs.`;

interface Asked {
  readonly file?: string;
  readonly server?: string;
  readonly epoch?: string;
  readonly rpc?: string;
  readonly contract?: string;
}

await run(async () => {
  const { values } = readOptions({
    options: {
      file: { type: "string" },
      server: { type: "string" },
      epoch: { type: "string" },
      rpc: { type: "string" },
      contract: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const asked: Asked = values;
  await rebuild(asked).catch((error: unknown) => {
    const text = explain(error, asked);
    throw text === null ? error : new UsageError(text, { cause: error });
  });
});

function explain(error: unknown, { file, server, rpc }: Asked): string | null {
  if (error instanceof ApiProblem) {
    const { detail } = error.document;
    return typeof detail === "string"
      ? `${server} refuses: ${detail} (${error.reason})`
      : `${server} refuses: ${error.reason}`;
  }
  if (error instanceof CreditsError && error.reason === "unexpected_answer") {
    return `${server} does not answer as a metering server does. Check --server.`;
  }
  if (error instanceof MalformedData) return error.message;
  if (error instanceof CreditsError && error.reason === "malformed_data") return error.message;
  if (error instanceof CreditsError && error.reason === "server_unreachable") {
    return `No server answers at ${server}. Check --server.`;
  }
  if (error instanceof Error && "code" in error && "path" in error) {
    return `The file ${file} cannot be read (${error.message}). Check --file.`;
  }
  return rpc === undefined ? null : explainChainError(error, { rpc, option: "--rpc" });
}

async function rebuild(asked: Asked): Promise<void> {
  const { rpc, contract = "" } = asked;
  const chain =
    rpc === undefined
      ? null
      : {
          rpc: httpUrl("--rpc", rpc),
          contract: addressOption("--contract", contract),
        };
  const table = await read(asked);
  const { spent, refunded, earned } = table.totals;
  console.log(`rows      ${table.rowCount}
root      ${table.root}
dataHash  ${table.dataHash}
spent     ${formatCredits(spent)}
refunded  ${formatCredits(refunded)}
earned    ${formatCredits(earned)}`);
  if (chain !== null) await compare(table, chain.rpc, chain.contract);
}

async function read({ file, server, epoch }: Asked): Promise<TableSummary> {
  if (file !== undefined && server === undefined) return await readTable(createReadStream(file));
  if (file !== undefined || server === undefined || !/^[1-9]\d*$/.test(epoch ?? "")) {
    throw new UsageError(`Name either --file, or --server and --epoch (from 1).\n\n${HELP}`);
  }
  return await downloadTable(httpUrl("--server", server), BigInt(epoch ?? "0"));
}

async function compare(table: TableSummary, rpc: string, contract: Address): Promise<void> {
  const client = createPublicClient({ transport: http(rpc) });
  const blockNumber = await client.getBlockNumber({ cacheTime: 0 });
  const { final, pending } = await readCheckpoints({ client, contract }, blockNumber);
  const known = [final, pending].find((checkpoint) => checkpoint?.root === table.root);
  if (known === undefined || known === null) {
    throw new MalformedData(
      "data_hash_mismatch",
      `neither the final nor the pending checkpoint on chain has this root: ` +
        `${shown(final?.root)} and ${shown(pending?.root)}`,
    );
  }
  const wrong = [
    known.dataHash === table.dataHash ? "" : `dataHash: the chain has ${known.dataHash}`,
    ...(["spent", "refunded", "earned"] as const).map((name) =>
      known[name] === table.totals[name]
        ? ""
        : `${name}: the chain has ${formatCredits(known[name])}`,
    ),
  ].filter((text) => text !== "");
  if (wrong.length > 0) throw new MalformedData("data_hash_mismatch", wrong.join("\n"));
  console.log(`all of it is the ${known.status} checkpoint's on chain, of epoch ${known.epoch}`);
}

function shown(root: Hex | undefined): string {
  return root ?? "none";
}
