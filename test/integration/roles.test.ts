import { readFile } from "node:fs/promises";

import { expect } from "chai";
import type { Hex } from "viem";

import {
  createApiKey,
  createIssuingKey,
  createViewKey,
} from "@compute-credits/client/wallet/apiKey";
import { signIssuingKey } from "@compute-credits/client/wallet/issuing";
import { signRevocation } from "@compute-credits/client/wallet/signedAllowance";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { wallets } from "../../scripts/local/wallets.ts";
import { hexOf, listOf } from "../fixtures/httpApi.ts";
import { type Headers, type PrivateThings, openPrivateThings } from "../fixtures/privateThings.ts";

const { alice, bob } = wallets;

const ROLES = ["owner", "manager", "member", "viewer"] as const;
type Role = (typeof ROLES)[number];

/** Does each act of docs/teams.md as each role, and compares what happened with its table. */
describe("the roles of docs/teams.md", () => {
  let things: PrivateThings;
  let headersOf: Readonly<Record<Role, Headers>>;
  let otherCampaign: Hex;

  before(async () => {
    things = await openPrivateThings();
    const { owner, theIssuer, theSpender, viewKey } = things.parties;
    // The owner shows itself by its wallet's signature, with which it also issues grants.
    headersOf = {
      owner: owner[2] ?? {},
      manager: theIssuer[0] ?? {},
      member: theSpender[0] ?? {},
      viewer: viewKey[0] ?? {},
    };
    otherCampaign = await newAllowance();
  });
  after(() => things?.stop());

  /** The acts by their names in the table. Each resolves to the status that it is answered with. */
  const ACTS: Readonly<Record<string, (role: Role) => Promise<number>>> = {
    "sign an allowance or a campaign": async (role) => {
      const signed = await things.stack.sign(walletOf(role));
      const allowance = { ...signed.allowance, account: things.account };
      // The signature is enough for the owner. The others show what they have, too.
      const headers = role === "owner" ? {} : headersOf[role];
      const body = { ...signed, allowance };
      return (await things.stack.request("/v1/allowances", { headers, body })).status;
    },
    "end an allowance or a campaign": async (role) => {
      const id = await newAllowance();
      const path = `/v1/allowances/${id}/revocation`;
      const { wallet } = things.stack.as(walletOf(role));
      const signature = await signRevocation(wallet, things.stack.deployment, id);
      const all = [await post(path, { signature }, role)];
      if (role !== "owner") all.push(await post(path, {}, role));
      return Math.min(...all);
    },
    "register a manager's key": async (role) => {
      const { wallet } = things.stack.as(walletOf(role));
      const key = createIssuingKey();
      const options = { key, counter: 0n, campaign: things.campaign };
      const signed = await signIssuingKey(wallet, things.stack.deployment, options);
      return await post("/v1/issuing-keys", { ...signed, account: things.account }, role);
    },
    "issue and revoke view keys": async (role) => {
      const session = role === "owner" ? things.parties.owner[0] : headersOf[role];
      const expiresAt = `${Math.floor(Date.now() / 1_000) + 3_600}`;
      const keyHash = apiKeySpender(createViewKey());
      const added = await things.stack.request("/v1/view-keys", {
        headers: session ?? {},
        body: { account: things.account, keyHash, expiresAt },
      });
      if (added.status !== 201) return added.status;
      const path = `/v1/keys/${keyHash}/revocation`;
      return (await things.stack.request(path, { headers: session ?? {}, method: "POST" })).status;
    },
    "hand out a budget of the campaign": async (role) =>
      (await handOut(things.campaign, headersOf[role])).status,
    "hand out a budget of another campaign": async (role) =>
      (await handOut(otherCampaign, headersOf[role])).status,
    "take back a budget of the campaign": async (role) => {
      const given = await handOut(things.campaign, headersOf.manager);
      const grant = hexOf(listOf(given.document["outcomes"])[0]?.["allowance"]);
      return await post(`/v1/allowances/${grant}/revocation`, {}, role);
    },
    "set a rule of the campaign": (role) =>
      post(
        `/v1/allowances/${things.campaign}/rule`,
        { kind: "first_day", atLeastMicros: "1", limit: "1", maxGrants: "1" },
        role,
      ),
    "list the budgets that were handed out": (role) =>
      get(`/v1/allowances/${things.campaign}/grants`, role),
    "read the balance, the usage and the debits": async (role) => {
      const rests = ["", "/usage", "/debits"];
      const all = await Promise.all(
        rests.map((rest) => get(`/v1/accounts/${things.account}${rest}`, role)),
      );
      expect(new Set(all.map((status) => status < 300))).to.have.property("size", 1);
      return Math.max(...all);
    },
    "read its own budget and usage": async (role) => {
      const rests = ["/budgets", "/debits"];
      const all = await Promise.all(
        rests.map((rest) => get(`/v1/spenders/${things.spender}${rest}`, role)),
      );
      return Math.max(...all);
    },
    "read the record of acts": (role) => get(`/v1/acts?account=${things.account}`, role),
  };

  it("are written down for each act", async () => {
    expect(Object.keys(await rowsOfTable())).to.deep.equal(Object.keys(ACTS));
  });

  for (const [name, act] of Object.entries(ACTS)) {
    it(name, async () => {
      const rows = await rowsOfTable();
      const done: Partial<Record<Role, string>> = {};
      for (const role of ROLES) {
        // oxlint-disable-next-line no-await-in-loop -- an act of one role may be seen by the next
        const status = await act(role);
        expect(status, role).to.be.lessThan(500);
        done[role] = status < 300 ? "yes" : "no";
      }
      expect(done).to.deep.equal(rows[name]);
    });
  }

  /** Everybody but the owner signs with a wallet that is not the account's. */
  function walletOf(role: Role) {
    return role === "owner" ? alice : bob;
  }

  async function newAllowance(): Promise<Hex> {
    const body = await things.stack.sign(alice);
    return hexOf((await things.stack.request("/v1/allowances", { body })).document["id"]);
  }

  async function handOut(campaign: Hex, headers: Headers) {
    const spender = apiKeySpender(createApiKey());
    const grants = [{ id: spender.slice(2, 12), spender, limit: "1000" }];
    return await things.stack.request(`/v1/allowances/${campaign}/grants`, {
      headers,
      body: { grants },
    });
  }

  async function post(path: string, body: unknown, role: Role): Promise<number> {
    return (await things.stack.request(path, { headers: headersOf[role], body })).status;
  }

  async function get(path: string, role: Role): Promise<number> {
    return (await things.stack.request(path, { headers: headersOf[role] })).status;
  }
});

async function rowsOfTable(): Promise<Record<string, Record<string, string>>> {
  const page = await readFile(new URL("../../docs/teams.md", import.meta.url), "utf8");
  const rows = page.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const head = rows.findIndex(([first]) => first === "act");
  const table: Record<string, Record<string, string>> = {};
  for (const [name = "", ...cells] of rows.slice(head + 2)) {
    if (cells.length !== ROLES.length) break;
    table[name] = Object.fromEntries(ROLES.map((role, place) => [role, cells[place] ?? ""]));
  }
  return table;
}
