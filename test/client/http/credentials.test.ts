import { expect } from "chai";

import { getProof } from "@compute-credits/api/accounts/accounts";
import { listAllowances } from "@compute-credits/api/allowances/allowances";
import { registerProviderKey } from "@compute-credits/api/providers/providerKeys";
import { getMe } from "@compute-credits/api/sessions/me";
import { reportUsage } from "@compute-credits/api/usage/usage";
import { type Credentials, authorizationFor } from "@compute-credits/client/http/credentials";

const LOG_ACCESS = "LogAccess 0x 1 0x";

function signed(header: string): Credentials {
  return { authorization: async () => header };
}

const wallet: Credentials = { authorization: () => Promise.reject(new Error("it was asked")) };

describe("authorizationFor", () => {
  it("sends a key to routes that take keys, and a session to routes that take sessions", async () => {
    expect(await authorizationFor(reportUsage, { key: "ccpk_a" })).to.equal("Bearer ccpk_a");
    expect(await authorizationFor(reportUsage, { key: "ccs_a" })).to.equal(undefined);
    expect(await authorizationFor(listAllowances, { key: "ccs_a" })).to.equal("Bearer ccs_a");
    expect(await authorizationFor(getMe, { key: "ccs_a" })).to.equal("Bearer ccs_a");
  });

  it("sends a signed header only to routes that take its scheme", async () => {
    expect(await authorizationFor(listAllowances, signed(LOG_ACCESS))).to.equal(LOG_ACCESS);
    expect(await authorizationFor(reportUsage, signed(LOG_ACCESS))).to.equal(undefined);
  });

  it("sends none to public routes and signed messages, and does not ask a wallet for one", async () => {
    for (const route of [getProof, registerProviderKey]) {
      // oxlint-disable-next-line no-await-in-loop -- two
      expect(await authorizationFor(route, { key: "ccpk_a" })).to.equal(undefined);
      // oxlint-disable-next-line no-await-in-loop
      expect(await authorizationFor(route, wallet)).to.equal(undefined);
    }
  });

  it("leaves a scheme that it does not know to the server", async () => {
    expect(await authorizationFor(reportUsage, signed("Future a"))).to.equal("Future a");
  });
});
