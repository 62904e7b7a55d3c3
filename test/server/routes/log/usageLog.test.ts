import { once } from "node:events";
import { createServer } from "node:http";

import { expect } from "chai";
import express, { type Request } from "express";
import { pino } from "pino";
import { numberToHex, zeroAddress } from "viem";

import { problemHandler } from "../../../../server/http/errors.ts";
import { createKnownAuditors } from "../../../../server/http/knownAuditors.ts";
import type { Principal } from "../../../../server/http/principal.ts";
import { fail } from "../../../../server/http/problem.ts";
import { LOG_ACCESS, readSignedHeader } from "../../../../server/http/signedHeader.ts";
import { createMeteringGate } from "../../../../server/meteringGate.ts";
import { usageLogRoutes } from "../../../../server/routes/log/usageLog.ts";

const SIGNER = numberToHex(0x51, { size: 20 });
const STRANGER = numberToHex(0xbad, { size: 20 });

/** Takes one signature as right. */
function principalOf(req: Request): Principal {
  const { address, signature } = readSignedHeader(req, LOG_ACCESS) ?? {};
  if (address === undefined || signature !== "0x01") {
    throw fail(401, "invalid_signature", "The signature is not 0x01.");
  }
  const expiresAt = new Date(0);
  return { kind: "wallet", address, isOperator: false, signed: "LogAccess", expiresAt };
}

describe("usageLogRoutes", () => {
  it("make an auditor known once its header was checked, and as long as it is valid", async () => {
    let time = 0;
    const knownAuditors = createKnownAuditors(() => time);
    const known: boolean[] = [];
    const app = express();
    app.use((req, _res, next) => {
      known.push(knownAuditors.has(req));
      next();
    });
    app.use(
      usageLogRoutes({
        usageLog: {
          cuts: () => Promise.resolve([]),
          page: () => Promise.reject(new Error()),
          lacks: () => Promise.resolve(false),
        },
        logSegments: { list: () => Promise.resolve([]) },
        gate: createMeteringGate(),
        knownAuditors,
        identify: (req) => Promise.resolve(principalOf(req)),
        chain: {
          deployment: { chainId: 1, contract: zeroAddress },
          isSigner: (address) => Promise.resolve(address === SIGNER),
        },
        auditors: [],
      }),
    );
    app.use(problemHandler(pino({ level: "silent" })));
    const http = createServer(app).listen(0, "127.0.0.1");
    await once(http, "listening");
    const address = http.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const issuedAt = Math.floor(Date.now() / 1000);
    const ask = async (reader: string, signature: string): Promise<number> => {
      const headers = { authorization: `LogAccess ${reader} ${issuedAt} ${signature}` };
      const answer = await fetch(`http://127.0.0.1:${address.port}/log/cuts`, { headers });
      return answer.status;
    };

    try {
      const statuses: number[] = [];
      for (const [reader, signature] of [
        [STRANGER, "0x01"],
        [STRANGER, "0x01"],
        [SIGNER, "0x02"],
        [SIGNER, "0x02"],
        [SIGNER, "0x01"],
        [SIGNER, "0x01"],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        statuses.push(await ask(reader, signature));
      }
      time = 300_000;
      await ask(SIGNER, "0x01");
      expect(statuses).to.deep.equal([403, 403, 401, 401, 200, 200]);
      expect(known).to.deep.equal([false, false, false, false, false, true, false]);
    } finally {
      http.close();
      http.closeAllConnections();
    }
  });
});
