import { once } from "node:events";
import { createServer } from "node:http";

import { expect } from "chai";
import express from "express";

import {
  type CookieReach,
  clearSessionCookie,
  setSessionCookie,
} from "../../../server/http/sessionCookie.ts";

const expiresAt = new Date("2030-01-01T00:00:00Z");

/** The cookies that a browser is given: of a new session, and of one that ended. */
async function cookies(reach: CookieReach): Promise<readonly string[]> {
  const app = express();
  app.get("/", (_req, res) => {
    setSessionCookie(res, { token: "ccs_1", expiresAt, ...reach });
    clearSessionCookie(res, reach);
    res.end();
  });
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  try {
    if (address === null || typeof address === "string") throw new Error("no port");
    const { headers } = await fetch(`http://127.0.0.1:${address.port}/`);
    return headers.getSetCookie();
  } finally {
    server.close();
  }
}

describe("the session's cookie", () => {
  it("is strict, unless a frame of another site needs it", async () => {
    for (const isFramed of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop -- two reaches
      const [set] = await cookies({ isSecure: false, isFramed });
      expect(set).to.match(/^ccs=ccs_1; .*HttpOnly; SameSite=Strict$/);
    }
    const [set] = await cookies({ isSecure: true, isFramed: false });
    expect(set).to.match(/^__Host-ccs=ccs_1; .*HttpOnly; Secure; SameSite=Strict$/);
  });

  it("stays with the site around the frame, where the operator allows one over TLS", async () => {
    for (const cookie of await cookies({ isSecure: true, isFramed: true })) {
      expect(cookie).to.match(/^__Host-ccs=.*HttpOnly; Secure; Partitioned; SameSite=None$/);
    }
  });
});
