/** `npm run journal`: what each key has signed, outside the database. */
import { readFile, writeFile } from "node:fs/promises";

import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import {
  addressOption,
  readOptions,
  run,
  UsageError,
} from "@compute-credits/platform/process/commandLine";
import {
  CHAIN_ENVIRONMENT,
  ConfigError,
  signingJournalFolder,
  withoutEmpty,
} from "@compute-credits/platform/process/environment";
import {
  JournalExchange,
  exportJournals,
  importJournals,
} from "@compute-credits/platform/signing/journalExchange";
import { firstRecord } from "@compute-credits/platform/signing/journaledSigner";
import {
  JournalDamaged,
  openSigningJournal,
} from "@compute-credits/platform/signing/signingJournal";
import { jsonText } from "@compute-credits/protocol/jsonText";

const HELP = `npm run journal -- VERB [options]

Each key that signs checkpoints has a signing journal, so that it never signs two for one epoch,
whatever its database says. Without its newest journal a key signs nothing.

  list                     shows the last signature of each key
  export --file FILE       writes the journals to a file, for a backup or another machine
  import --file FILE       brings the journals up to those of a file; none goes back
  init --address 0x… --signed-up-to EPOCH
                           begins the journal of a key whose journal is lost: the key signs no
                           epoch up to this one, unless the chain drops it. Name the newest epoch
                           that the key may have signed, also if it never reached the chain: what
                           its co-signers and servers show of it may tell

  --folder FOLDER          the journals (SIGNING_JOURNAL_FOLDER, or .data/signing)
  --help                   this text

init reads RPC_URL, CONTRACT_ADDRESS and DEPLOYMENT_BLOCK. Stop the programs that sign before import and init.`;

await run(async () => {
  const { values, positionals } = readOptions({
    allowPositionals: true,
    options: {
      folder: { type: "string", default: folderOf(process.env) },
      file: { type: "string", default: "" },
      address: { type: "string", default: "" },
      "signed-up-to": { type: "string", default: "" },
      help: { type: "boolean", default: false },
    },
  });
  const [verb, ...more] = positionals;
  if (values.help || verb === undefined) {
    console.log(HELP);
    return;
  }
  if (more.length > 0) throw new UsageError(`Unknown: ${more.join(" ")}. See --help.`);
  const { folder } = values;
  switch (verb) {
    case "list":
      return await list(folder);
    case "export":
      return await exportTo(folder, fileOption(values.file));
    case "import":
      return await importFrom(folder, fileOption(values.file));
    case "init":
      return await init(folder, values.address, values["signed-up-to"]);
    default:
      throw new UsageError(`${verb} is no verb: list, export, import or init. See --help.`);
  }
}, explain);

function folderOf(env: NodeJS.ProcessEnv): string {
  return signingJournalFolder.parse(withoutEmpty(env)["SIGNING_JOURNAL_FOLDER"]);
}

function fileOption(file: string): string {
  if (file === "") throw new UsageError("--file is missing: the file to write or read.");
  return file;
}

async function list(folder: string): Promise<void> {
  const { journals } = await exportJournals(folder);
  if (journals.length === 0) console.log(`${folder} has no journals.`);
  for (const { address, chainId, contract, last } of journals) {
    const what = last.digest === null ? "all signed up to" : "signed";
    console.log(
      `${address} for ${contract} on chain ${chainId}: ${what} epoch ${last.epoch}` +
        `${last.root === null ? "" : ` as ${last.root}`}, ${last.at}`,
    );
  }
}

async function exportTo(folder: string, file: string): Promise<void> {
  const exported = await exportJournals(folder);
  await writeFile(file, `${jsonText(exported, 2)}\n`);
  console.log(`${exported.journals.length} journals are in ${file}`);
}

async function importFrom(folder: string, file: string): Promise<void> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be read: give --file an export.`, { cause });
  });
  const parsed = JournalExchange.safeParse(jsonOf(text));
  if (!parsed.success) throw new UsageError(`${file} is no export of signing journals.`);
  for (const { owner, imported } of await importJournals(folder, parsed.data)) {
    console.log(`${owner.address}: ${MEANINGS[imported]}`);
  }
}

const MEANINGS = {
  new: "its journal was missing, and is there now",
  advanced: "its journal was older, and is up to date now",
  known: "its journal is newer, or the same",
  conflict:
    "both journals know another checkpoint of one epoch: the key signs none of that epoch unless " +
    "the chain drops it. Two copies of a key were in use, which can be proof against it",
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

async function init(folder: string, account: string, upTo: string): Promise<void> {
  const address = addressOption("--address", account);
  if (!/^\d{1,18}$/.test(upTo)) {
    throw new UsageError("--signed-up-to must be the newest epoch that the key may have signed.");
  }
  const epoch = BigInt(upTo);
  const env = withoutEmpty(process.env);
  const rpcUrls = CHAIN_ENVIRONMENT.RPC_URL.safeParse(env["RPC_URL"]);
  const contract = CHAIN_ENVIRONMENT.CONTRACT_ADDRESS.safeParse(env["CONTRACT_ADDRESS"]);
  if (!rpcUrls.success || !contract.success) {
    throw new UsageError("init needs RPC_URL and CONTRACT_ADDRESS, as the server has them.");
  }
  const chain = await createChainReader(rpcUrls.data, contract.data);
  const newest = await chain.latestEpoch();
  if (epoch < newest) {
    throw new UsageError(`--signed-up-to is below the chain's newest epoch ${newest}.`);
  }
  if (epoch > newest + 1n) {
    throw new UsageError(
      `--signed-up-to is above ${newest + 1n}: nobody signs an epoch before the one before is final.`,
    );
  }
  const { chainId } = chain.deployment;
  const named = CHAIN_ENVIRONMENT.DEPLOYMENT_BLOCK.safeParse(env["DEPLOYMENT_BLOCK"]).data ?? null;
  const { hash: origin } = await chain.origin({ named, isKnown: true });
  const journal = openSigningJournal(folder, { address, chainId, contract: contract.data, origin });
  if (!(await journal.begin(await firstRecord(chain, epoch)))) {
    throw new UsageError(`${journal.path} is there already: import into it, or see list.`);
  }
  console.log(`${address} has a journal: it signs from epoch ${epoch + 1n} on`);
}

function explain(error: unknown): string | null {
  return error instanceof ConfigError || error instanceof JournalDamaged ? error.message : null;
}
