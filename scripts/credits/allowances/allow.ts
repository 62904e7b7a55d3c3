import type { Hex } from "viem";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { allow } from "@compute-credits/client/allowances/allow";
import { readCounter } from "@compute-credits/client/chain/readCounter";
import type { AllowanceOptions } from "@compute-credits/client/wallet/signedAllowance";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { MAX_PERIOD_MONTHS } from "@compute-credits/protocol/messages/period";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Context } from "../context/context.ts";
import { withNewKey } from "../context/newKey.ts";
import { readSecretFile } from "../context/secretFile.ts";
import {
  ADDRESS,
  AMOUNT,
  FILE,
  SPENDER,
  TEXT,
  TIME,
  count,
  optional,
  repeated,
  required,
  whole,
} from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { type Shown, show } from "../output/shown.ts";
import { secondsOf } from "./seconds.ts";

/** Seconds of the longest period: a hundred years. */
const MOST_SECONDS = 3_155_760_000n;

export const allowVerb = verb({
  name: "allow",
  reader: "user",
  summary: "Lets a new API key, or a spender, spend",
  details:
    "With --out it makes an API key, which may spend at once; the file has its only copy. With " +
    "--api-key-file it renews a key that exists. With --spender it allows another wallet or key, " +
    "which must accept the account first.",
  examples: [
    "allow --credits 50 --months 1 --out agent.key --key-file ~/wallet.key",
    "allow --credits 5 --spender 0x… --provider 0x… --expires 2027-01-01 --from 0x… --rpc http://127.0.0.1:8545",
  ],
  asks: "permits",
  options: {
    credits: required(AMOUNT, "the most that may be spent, in each period if there is one"),
    out: optional(FILE, "a new file for a new API key"),
    apiKeyFile: optional(FILE, "the API key that is allowed"),
    spender: optional(SPENDER, "the wallet, or the hash of the API key, that is allowed"),
    months: optional(count(1, MAX_PERIOD_MONTHS), "renews the limit each so many months"),
    seconds: optional(whole(1n, MOST_SECONDS), "renews the limit each so many seconds"),
    rollover: optional(AMOUNT, "how much of a period's rest the next one has"),
    starts: optional(TIME, "the first period begins then"),
    expires: optional(TIME, "nothing is spent from then on"),
    accountCap: optional(AMOUNT, "the most that the account may be charged in total, by all keys"),
    provider: repeated(ADDRESS, "only for this provider"),
    meter: repeated(TEXT, "only for this meter"),
    priority: optional(count(0, 255), "lower is spent first; 128 if absent"),
  },
  async run(context, values) {
    const { credits: limitMicros, months, seconds, rollover, starts, expires } = values;
    if (months !== undefined && seconds !== undefined) {
      throw new UsageError("Give one of --months and --seconds: an allowance has one period.");
    }
    const options = {
      limitMicros,
      ...(months === undefined ? {} : { period: { months } }),
      ...(seconds === undefined ? {} : { period: { seconds } }),
      ...(rollover === undefined ? {} : { rolloverMicros: rollover }),
      ...(starts === undefined ? {} : { startsAt: secondsOf(starts) }),
      ...(expires === undefined ? {} : { expiresAt: secondsOf(expires) }),
      ...(values.accountCap === undefined ? {} : { accountCapMicros: values.accountCap }),
      ...(values.priority === undefined ? {} : { priority: values.priority }),
      scope: { providers: values.provider, meters: values.meter },
    };
    const given = [values.out, values.apiKeyFile, values.spender].filter(
      (one) => one !== undefined,
    );
    if (given.length !== 1) {
      throw new UsageError(
        "Give one of --out FILE, --api-key-file FILE and --spender: who may spend.",
      );
    }
    if (values.spender !== undefined) {
      return await signAndShow(context, { ...options, spender: values.spender });
    }
    if (values.apiKeyFile !== undefined) {
      const apiKey = context.guard(await readSecretFile("--api-key-file", values.apiKeyFile));
      return await signAndShow(context, { ...options, spender: apiKeySpender(apiKey), apiKey });
    }
    const key = { option: "--out", path: values.out ?? "", key: createApiKey() };
    return await withNewKey(context, key, (apiKey) =>
      signAndShow(context, {
        ...options,
        spender: apiKeySpender(apiKey),
        apiKey,
        file: values.out,
      }),
    );
  },
});

type Allowed = Omit<AllowanceOptions, "counter"> & {
  readonly spender: Hex;
  readonly apiKey?: string;
  readonly file?: string | undefined;
};

async function signAndShow(context: Context, { file, ...options }: Allowed): Promise<Shown> {
  const signing = await context.signing();
  const account = lowercaseHex(walletAccount(signing.wallet).address);
  // From the chain: a server that names another counter would make the signature worthless.
  const counter = await readCounter(await context.chain(), account);
  const { id, accepted } = await allow(context.api, signing, { ...options, counter });
  const { limitMicros, spender } = options;
  return show({ allowance: id, account, spender, limitMicros, accepted, ...(file && { file }) }, [
    `allowance ${id}: ${spender} may spend ${formatCredits(limitMicros)} credits`,
    ...(file === undefined ? [] : [`the API key is in ${file}`]),
    ...(accepted ? [] : ["it counts once the spender has accepted the account: verb accept"]),
  ]);
}
