/** `npm run rebuild`: what the published rows of a checkpoint lead to, and whether that is what the chain has. */
import { createReadStream } from "node:fs";
import { parseArgs } from "node:util";

import { type Hex, createPublicClient, http, isAddress } from "viem";

import { ApiProblem } from "@compute-credits/client/http/api";
import { downloadTable } from "@compute-credits/client/http/checkpointData";
import { readCheckpoints } from "@compute-credits/client/chain/readCheckpoints";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { MalformedData } from "@compute-credits/protocol/data/malformedData";
import { type TableSummary, readTable } from "@compute-credits/protocol/data/tableFile";

const HELP = `npm run rebuild -- --file PATH                    rebuilds root and data hash from a file
npm run rebuild -- --server URL --epoch N         or from a server's, as it arrives
  --rpc URL --contract ADDRESS                    and compares them with the chain's newest checkpoints

The format of the file is in docs/checkpoint-data.md. Exit code 1 where anything does not fit.`;

const { values } = parseArgs({
  options: {
    file: { type: "string" },
    server: { type: "string" },
    epoch: { type: "string" },
    rpc: { type: "string" },
    contract: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

try {
  if (values.help) console.log(HELP);
  else await rebuild();
} catch (error) {
  process.exitCode = 1;
  const isAnswer = error instanceof ApiProblem || error instanceof MalformedData;
  const isMistake = error instanceof RangeError;
  console.error(isMistake ? `${error.message}\n\n${HELP}` : isAnswer ? error.message : error);
}

async function rebuild(): Promise<void> {
  const table = await read();
  const { spent, refunded, earned } = table.totals;
  console.log(`rows      ${table.rowCount}
root      ${table.root}
dataHash  ${table.dataHash}
spent     ${formatCredits(spent)}
refunded  ${formatCredits(refunded)}
earned    ${formatCredits(earned)}`);
  if (values.rpc !== undefined) await compare(table, values.rpc);
}

async function read(): Promise<TableSummary> {
  const { file, server, epoch } = values;
  if (file !== undefined && server === undefined) return await readTable(createReadStream(file));
  if (file !== undefined || server === undefined || !/^[1-9]\d*$/.test(epoch ?? "")) {
    throw new RangeError("name either a --file, or a --server and an --epoch");
  }
  return await downloadTable(server, BigInt(epoch ?? "0"));
}

async function compare(table: TableSummary, rpc: string): Promise<void> {
  const contract = values.contract ?? "";
  if (!isAddress(contract)) throw new RangeError("--rpc needs a --contract");
  const client = createPublicClient({ transport: http(rpc) });
  const { final, pending } = await readCheckpoints({ client, contract });
  const known = [final, pending].find((checkpoint) => checkpoint?.root === table.root);
  if (known === undefined || known === null) {
    throw new MalformedData(
      "data_hash_mismatch",
      `neither the final nor the pending checkpoint on chain has this root: ${shown(final?.root)} and ${shown(pending?.root)}`,
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
