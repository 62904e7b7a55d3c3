import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { promisify } from "node:util";

import { expect } from "chai";
import { z } from "zod";

import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { type FaultyRpc, startFaultyRpc } from "../fixtures/faultyRpc.ts";
import { rollupWithVaultOf } from "../fixtures/rollup.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";

const run = promisify(execFile);
const FOLDER = new URL("../../deployments/", import.meta.url);

const RecordJson = z.object({
  computeCredits: z.string(),
  court: z.string(),
  lens: z.string(),
  depositAddresses: z.string(),
  block: z.string(),
  transaction: z.templateLiteral(["0x", z.string()]),
  verification: z.object({ contracts: z.record(z.string(), z.string()) }),
});

describe("npm run deploy", function () {
  this.timeout(120_000);
  let local: LocalContract;
  let rpc: FaultyRpc;
  const written: URL[] = [];

  before(async () => {
    local = await startContract();
    rpc = await startFaultyRpc(local.rpcUrl);
    rpc.meddle(rollupWithVaultOf(21_000_000n));
  });
  after(async () => {
    await Promise.all(written.map((file) => rm(file, { force: true })));
    await rpc.stop();
    await local.stop();
  });

  it("records the chain's own block, also on a rollup, and an input for each contract", async () => {
    const party = wallets.operator.account.address;
    const options = {
      "rpc-url": rpc.url,
      token: local.token,
      "credit-micros-per-token": "100000000",
      "max-fee-bps": "500",
      "dispute-window-seconds": LOCAL_WINDOWS.disputeWindowSeconds,
      "answer-window-seconds": LOCAL_WINDOWS.answerWindowSeconds,
      "refund-window-seconds": LOCAL_WINDOWS.refundWindowSeconds,
      "exit-grace-seconds": LOCAL_WINDOWS.exitGraceSeconds,
      "counter-grace-seconds": LOCAL_WINDOWS.counterGraceSeconds,
      "signer-delay-seconds": LOCAL_WINDOWS.signerDelaySeconds,
      "unproven-limit-micros": "18446744073709551615",
      "challenge-stake-wei": "1",
      owner: party,
      guardian: party,
      "fee-recipient": party,
      signers: wallets.signer.account.address,
      threshold: "1",
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const { stdout } = await run(process.execPath, ["scripts/deploy.ts", ...args], {
      env: { ...process.env, DEPLOYER_PRIVATE_KEY: wallets.operator.privateKey },
    });
    const [, name = ""] = /deployments\/(\S+\.json)\./.exec(stdout) ?? [];
    written.push(new URL(name, FOLDER));
    const record = RecordJson.parse(JSON.parse(await readFile(new URL(name, FOLDER), "utf8")));
    const { contracts } = record.verification;
    for (const file of Object.values(contracts)) written.push(new URL(file, FOLDER));

    const receipt = await local.client.getTransactionReceipt({ hash: record.transaction });
    expect(record.block).to.equal(`${receipt.blockNumber}`);
    expect(stdout).to.include(`set DEPLOYMENT_BLOCK=${receipt.blockNumber}`);
    expect(contracts).to.deep.equal({
      "project/contracts/ComputeCredits.sol:ComputeCredits": `31337-${record.computeCredits}.input.json`,
      "project/contracts/Court.sol:Court": `31337-${record.court}.input.json`,
      "project/contracts/lens/CreditsLens.sol:CreditsLens": `31337-${record.lens}.input.json`,
      "project/contracts/deposits/DepositAddresses.sol:DepositAddresses": `31337-${record.depositAddresses}.input.json`,
    });
    const inputs = await Promise.all(
      Object.values(contracts).map((file) => readFile(new URL(file, FOLDER), "utf8")),
    );
    for (const input of inputs) expect(JSON.parse(input)).to.have.property("language", "Solidity");
  });
});
