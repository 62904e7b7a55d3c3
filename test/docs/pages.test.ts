import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { wallets } from "../../scripts/local/wallets.ts";
import { type MeteredStack, startMeteredStack } from "../fixtures/meteredStack.ts";
import { blocksOf } from "./snippets/blocks.ts";
import { isAsPrinted } from "./snippets/pattern.ts";
import { startReading } from "./snippets/terminal.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The pages whose blocks all run, in this order, on one system; and how many blocks cannot run here. */
const PAGES = [
  { page: "docs/readers/wallet.md", notRun: 1 },
  { page: "README.md", notRun: 0 },
  { page: "docs/readers/provider.md", notRun: 0 },
  { page: "docs/readers/safe.md", notRun: 1 },
  { page: "docs/readers/auditor.md", notRun: 0 },
  { page: "docs/readers/operator.md", notRun: 1 },
  { page: "docs/allowances.md", notRun: 0 },
  { page: "docs/usage.md", notRun: 0 },
  { page: "docs/middleware.md", notRun: 0 },
  { page: "docs/gateway.md", notRun: 0 },
  { page: "docs/statements.md", notRun: 0 },
  { page: "docs/insight.md", notRun: 0 },
  { page: "docs/api.md", notRun: 0 },
  { page: "docs/sign-in.md", notRun: 0 },
  { page: "docs/allowance-fields.md", notRun: 0 },
  { page: "packages/protocol/README.md", notRun: 0 },
  { page: "packages/api/README.md", notRun: 0 },
  { page: "packages/rules/README.md", notRun: 0 },
] as const;

describe("every command and program of", function () {
  let stack: MeteredStack;
  let reading: Awaited<ReturnType<typeof startReading>>;
  /** what `npm run deploy` wrote */
  const recorded: string[] = [];

  before(async () => {
    stack = await startMeteredStack("PGlite", {
      environment: {
        AUDITORS: wallets.auditor.account.address,
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
            /^(?:ComputeCredits|Court|CreditsLens) +(0x\w+)$/gm,
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
