import { once } from "node:events";
import { createServer } from "node:http";

import { expect } from "chai";
import { pino } from "pino";
import { zeroHash } from "viem";

import { WorkerHealth } from "@compute-credits/platform/process/health";
import type { Auditor } from "../../../../auditor/auditor.ts";
import { startStatusServer } from "../../../../auditor/statusServer.ts";
import type { WaitingCheckpoint } from "../../../../server/stores/settlement/submissionStore.ts";
import {
  type AuditorAnswer,
  askAuditor,
  watchAuditors,
} from "../../../../server/workers/settlement/auditorAlarms.ts";
import { cosigningWorker } from "../../../../server/workers/settlement/cosigningWorker.ts";
import { party } from "../../../fixtures/ledger.ts";

const [own, other, auditor] = [party(1), party(2), party(3)];

function newRig(auditors: () => Promise<readonly string[]> = () => Promise.resolve([])) {
  const health = new WorkerHealth();
  const rig = {
    waiting: null as WaitingCheckpoint | null,
    signers: [own, other],
    haveSigned: [own],
    isDown: false,
  };
  const { step } = cosigningWorker({
    chain: {
      threshold: () => Promise.resolve(2),
      isSigner: (address) =>
        rig.isDown
          ? Promise.reject(new Error("down"))
          : Promise.resolve(rig.signers.includes(address)),
    },
    submissions: {
      waiting: () => Promise.resolve(rig.waiting),
      hasSigned: (signer) => Promise.resolve(rig.haveSigned.includes(signer)),
    },
    ownSigners: [own, other],
    alarmSeconds: 900,
    auditors,
    health,
    log: pino({ level: "silent" }),
  });
  return {
    rig,
    alarms: async (): Promise<readonly string[]> => {
      await step();
      return health.list().map(({ name, warning }) => `${name}: ${warning}`);
    },
  };
}

describe("cosigningWorker", () => {
  it("warns of a checkpoint that has waited too long, with who signed it and what to do", async () => {
    const { rig, alarms } = newRig();
    rig.waiting = { epoch: 7n, seconds: 899, signers: [] };
    expect(await alarms()).to.deep.equal([]);
    rig.waiting = { epoch: 7n, seconds: 960, signers: [auditor] };
    expect(await alarms()).to.deep.equal([
      "signatures: the checkpoint of epoch 7 has waited 16 minutes for 2 signatures (signed by " +
        `${auditor}): is an auditor down, or does its GET /findings refuse it? Is a server leading?`,
    ]);
    rig.waiting = null;
    expect(await alarms()).to.deep.equal([]);
  });

  it("warns of an own key that is no signer any more, and not of one that waits to be one", async () => {
    const { rig, alarms } = newRig();
    rig.signers = [own];
    expect(await alarms()).to.deep.equal([]);
    rig.signers = [other];
    expect(await alarms()).to.deep.equal([
      `signer_keys: the key ${own} is no signer of the contract any more: remove it from this ` +
        "server (docs/settlement.md#keys)",
    ]);
  });

  it("warns if none of the own keys is a signer, even if none has ever signed", async () => {
    const { rig, alarms } = newRig();
    [rig.signers, rig.haveSigned] = [[auditor], []];
    const [alarm, ...more] = await alarms();
    expect(alarm).to.include(`none of this server's keys (${own}, ${other}) as a signer`);
    expect(more).to.deep.equal([]);
  });

  it("tells what auditors say while the chain does not answer", async () => {
    const { rig, alarms } = newRig(() => Promise.resolve(["it refuses"]));
    rig.isDown = true;
    expect(await alarms()).to.deep.equal(["auditors: it refuses"]);
  });
});

describe("watchAuditors", () => {
  const URL_OF_ONE = "http://127.0.0.1:8090/status?key=secret";

  it("tells of a refusal at once, with where its findings are", async () => {
    const answer: AuditorAnswer = { error: null, refusedEpochs: ["4", "5"] };
    expect(await watchAuditors([URL_OF_ONE], () => Promise.resolve(answer))()).to.deep.equal([
      "the auditor at http://127.0.0.1:8090 refuses the checkpoints of the epochs 4, 5: " +
        "its GET /findings says why (docs/findings.md)",
    ]);
  });

  it("tells of a silence after a minute, and of an error, without what its URLs hold", async () => {
    let time = 0;
    let answer: AuditorAnswer = "silent";
    const watch = watchAuditors(
      [URL_OF_ONE],
      () => Promise.resolve(answer),
      () => time,
    );
    time = 59_999;
    expect(await watch()).to.deep.equal([]);
    time = 60_000;
    expect(await watch()).to.deep.equal([
      "the auditor at http://127.0.0.1:8090 has been silent for a minute: start it, or check AUDITOR_URLS",
    ]);
    answer = { error: "no answer of https://rpc.example/key", refusedEpochs: [] };
    expect(await watch()).to.deep.equal([
      "the auditor at http://127.0.0.1:8090 cannot go on: no answer of https://rpc.example/[hidden]",
    ]);
    answer = { error: null, refusedEpochs: [] };
    expect(await watch()).to.deep.equal([]);
    [answer, time] = ["silent", 100_000];
    expect(await watch()).to.deep.equal([]);
  });
});

describe("askAuditor", () => {
  it("reads what a status server says of a refused checkpoint", async () => {
    const numbers = { spent: 1n, refunded: 0n, earned: 1n, asOf: 1n };
    const hashes = { previousRoot: zeroHash, root: zeroHash, dataHash: zeroHash };
    const message = { epoch: 4n, ...numbers, ...hashes };
    const cut = { id: 1n, message, status: "prepared", snapshot: null } as const;
    const refusing: Auditor = {
      step: () => Promise.resolve("waiting"),
      findings: () => [{ cut, findings: [] }],
      waitsForChain: () => null,
      refusedReceipts: () => [],
      signatures: () => [],
      agreed: null,
    };
    const status = await startStatusServer({ host: "127.0.0.1", port: 0 }, refusing, () => null);
    try {
      expect(await askAuditor(status.url)).to.deep.equal({ error: null, refusedEpochs: ["4"] });
    } finally {
      await status.close();
    }
    expect(await askAuditor(status.url)).to.equal("silent");
  });

  it("takes no endless answer, and no other program's", async () => {
    const server = createServer((_req, res) => {
      res.end(JSON.stringify({ error: null, refusedEpochs: [], padding: "x".repeat(70_000) }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const address = Object(server.address());
      expect(await askAuditor(`http://127.0.0.1:${address.port}`)).to.equal("silent");
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
