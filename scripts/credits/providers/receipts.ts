import { writeFile } from "node:fs/promises";

import { readReceipt } from "@compute-credits/client/checkpoints/readReceipt";
import { takeReceipt } from "@compute-credits/client/checkpoints/takeReceipt";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { ADDRESS, FILE, optional } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

const out = optional(FILE, "writes it to a new file, for the verbs verify and challenge");

export const issueReceiptVerb = verb({
  name: "receipts issue",
  reader: "provider",
  summary: "Asks the signers to promise what you have earned",
  details: "Events that it counts cannot be taken back any more.",
  examples: ["receipts issue --out receipt.json --bearer-file provider.key"],
  asks: null,
  options: { out },
  async run(context, { out: file }) {
    const receipt = await takeReceipt(context.api);
    await keep(file, receipt);
    return show(receipt);
  },
});

export const latestReceiptVerb = verb({
  name: "receipts latest",
  reader: "provider",
  summary: "Shows the last receipt, as co-signers have signed it",
  examples: ["receipts latest --bearer-file provider.key"],
  asks: null,
  options: { out, provider: optional(ADDRESS, "whose receipt, for operators and auditors") },
  async run(context, { out: file, provider }) {
    const receipt = await readReceipt(context.api, { ...(provider && { provider }) });
    await keep(file, receipt);
    return show(receipt);
  },
});

async function keep(file: string | undefined, document: object): Promise<void> {
  if (file === undefined) return;
  await writeFile(file, `${jsonText(document, 2)}\n`, { flag: "wx" }).catch((cause: unknown) => {
    throw new UsageError(`--out ${file} cannot be written: name a new file.`, { cause });
  });
}
