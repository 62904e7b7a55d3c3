import type { Address, Hex } from "viem";
import { z } from "zod";

import { createIssuingKey, createViewKey } from "@compute-credits/client/wallet/apiKey";
import { signIssuingKey } from "@compute-credits/client/wallet/issuing";
import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { wallets } from "../../scripts/local/wallets.ts";
import { type Request, post } from "./requests.ts";
import { type HostileRig, spenderOf } from "./rig.ts";
import { allowances, apiKeys, signedAllowance } from "./signed.ts";

/** What a customer who bought credits once can use against the others. */
export interface Customer {
  readonly address: Address;
  /** of a spender that its account pays for */
  readonly apiKey: string;
  /** the allowance of that key */
  readonly campaign: Hex;
  readonly issuingKey: string;
  /** an account with a year of debits, which this customer has a view key of */
  readonly spending: Address;
  /** the allowance, sent again without and with its key */
  readonly replayed: Request;
  readonly replayedWithKey: readonly Request[];
  /** allowances for honest spenders */
  readonly offers: readonly Request[];
  /** for eight clients, which take turns to accept the account and to end that */
  readonly viewKey: string;
  /** of `spending` */
  readonly spendingViewKey: string;
  readonly acceptances: readonly Request[];
  readonly repeatedAcceptances: readonly Request[];
}

/** Spenders whose acceptance begins and ends. */
const TURNING = 8;

export async function prepareCustomer(rig: HostileRig): Promise<Customer> {
  const { database, chain } = rig;
  const { deployment } = chain;
  const { account } = wallets.alice;
  const { address } = account;
  await database.query("insert into accounts (address, purchased) values ($1, 1000000)", [
    bytea(address),
  ]);
  const keys = apiKeys(TURNING);
  const [apiKey = ""] = keys;
  const signed = [];
  for (const key of keys) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const body = await signedAllowance(deployment, account, { spender: apiKeySpender(key) });
    signed.push(body);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await answered(rig, post("/v1/allowances", body, key));
  }
  const [first] = signed;
  const { id } = Posted.parse(await answered(rig, post("/v1/allowances", first, apiKey)));
  const issuingKey = createIssuingKey();
  const registration = await signIssuingKey(chain.as(wallets.alice).wallet, deployment, {
    key: issuingKey,
    counter: 0n,
  });
  await answered(rig, post("/v1/issuing-keys", registration));
  const spending = `0x${"1".padStart(40, "0")}` as const;
  return {
    address,
    apiKey,
    viewKey: await addViewKey(database, address),
    spendingViewKey: await addViewKey(database, spending),
    campaign: id,
    issuingKey,
    spending,
    replayed: post("/v1/allowances", first),
    replayedWithKey: [post("/v1/allowances", first, apiKey)],
    offers: await allowances(1_200, (n) =>
      signedAllowance(deployment, account, { spender: spenderOf(n), salt: BigInt(n) }),
    ),
    acceptances: ["/v1/acceptances/end", "/v1/acceptances"].flatMap((path) =>
      keys.map((key) => post(path, { account: address }, key)),
    ),
    repeatedAcceptances: [post("/v1/acceptances", { account: address }, apiKey)],
  };
}

/** Registers a view key without its owner's signature, and returns it. */
async function addViewKey(database: Database, account: Hex): Promise<string> {
  const key = createViewKey();
  await database.query(
    `insert into view_keys (key_hash, account, expires_at)
     values ($1, $2, clock_timestamp() + interval '1 day')`,
    [bytea(apiKeySpender(key)), bytea(account)],
  );
  return key;
}

const Posted = z.object({ id: Bytes32Field });

/** Sends a request that must succeed, and returns the answer's JSON. */
async function answered({ url }: HostileRig, { path, method, headers, body }: Request) {
  const answer = await fetch(new URL(path, url), {
    method,
    headers: headers ?? {},
    body: body ?? null,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`);
  const document: unknown = JSON.parse(text);
  return document;
}
