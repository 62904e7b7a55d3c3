import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { wallets } from "../../scripts/local/wallets.ts";
import { type MeteredStack, startMeteredStack } from "../fixtures/meteredStack.ts";
import { blocksOf } from "./snippets/blocks.ts";
import { PAGES } from "./snippets/pages.ts";
import { isAsPrinted } from "./snippets/pattern.ts";
import { startReading } from "./snippets/terminal.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

describe("every command and program of", function () {
  let stack: MeteredStack;
  let reading: Awaited<ReturnType<typeof startReading>>;
  /** what `npm run deploy` wrote */
  const recorded: string[] = [];

  before(async () => {
    stack = await startMeteredStack("PGlite", {
      environment: {
        AUDITORS: wallets.auditor.account.address,
        WEBHOOK_NETWORKS: "127.0.0.0/8",
        WRITE_OFF_ACCOUNT: wallets.operator.account.address,
      },
    });
    const { contract, rpcUrl, server } = stack;
    reading = await startReading({ contract, rpc: rpcUrl, server: server.url });
  });
  after(async () => {
    await reading.stop();
    await stack.stop();
    await Promise.all(recorded.map((file) => rm(file, { force: true })));
  });

  for (const { page, notRun } of PAGES) {
    it(`${page} does what the page says`, async () => {
      const blocks = blocksOf(await readFile(`${ROOT}${page}`, "utf8"));
      expect(blocks.notRun, "blocks that are not run").to.have.length(notRun);
      expect(blocks.runs, "blocks that are run").not.to.have.length(0);
      const terminal = await reading.newTerminal();
      try {
        for (const block of blocks.runs) {
          // oxlint-disable-next-line no-await-in-loop -- each builds on the one before
          const { code, out, err } = await terminal.run(block);
          for (const [, address = ""] of out.matchAll(
            /^(?:ComputeCredits|Court|CreditsLens|DepositAddresses) +(0x\w+)$/gm,
          )) {
            const file = `${ROOT}deployments/31337-${address}`;
            recorded.push(`${file}.json`, `${file}.input.json`);
          }
          const said = `${page}:${block.line} ended with ${code} and printed:\n${out}\n${err}`;
          expect(code, said).to.equal(0);
          const isRight = block.printed === null || isAsPrinted(block.printed, out);
          expect(isRight, `${said}\nThe page says:\n${block.printed}`).to.equal(true);
        }
      } finally {
        await terminal.close();
      }
    });
  }
});
