/** `npm run approve`: an operator approves a provider, or ends that. */
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { z } from "zod";

import { ApiProblem, createApi } from "@compute-credits/client/http/api";
import { signProviderApproval } from "@compute-credits/client/wallet/providerApproval";
import {
  addressOption,
  httpUrl,
  readOptions,
  run,
  UsageError,
} from "@compute-credits/platform/process/commandLine";
import { privateKey } from "@compute-credits/platform/process/environment";
import { DomainJson } from "@compute-credits/protocol/json/domain";

const HELP = `npm run approve -- --provider 0x… [options]

Signs ProviderApproval with OPERATOR_PRIVATE_KEY, whose address is in the server's OPERATORS, and
posts it: from then on the provider may register keys, publish prices and charge.

  --provider ADDRESS   the provider
  --end                ends the approval instead: nothing more is charged
  --server URL         the metering server (http://127.0.0.1:8080)
  --help               this text`;

await run(async () => {
  const { values } = readOptions({
    options: {
      provider: { type: "string", default: "" },
      end: { type: "boolean", default: false },
      server: { type: "string", default: "http://127.0.0.1:8080" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const provider = addressOption("--provider", values.provider);
  const server = httpUrl("--server", values.server);
  const key = privateKey.safeParse(process.env["OPERATOR_PRIVATE_KEY"]);
  if (!key.success) {
    throw new UsageError("OPERATOR_PRIVATE_KEY must be a private key: 0x and 64 hex digits.");
  }

  const api = createApi(server);
  const { domain } = z
    .object({ domain: DomainJson })
    .parse(await reach(server, api.get("/v1/deployment")));
  const deployment = { chainId: domain.chainId, contract: domain.verifyingContract };
  // Signs only: this client never asks a chain.
  const wallet = createWalletClient({
    account: privateKeyToAccount(key.data),
    transport: http(server),
  });
  const approved = !values.end;
  const issuedAt = BigInt(Math.floor(Date.now() / 1000));
  const body = await signProviderApproval(wallet, deployment, { provider, approved, issuedAt });
  await reach(server, api.post("/v1/provider-approvals", body));
  console.log(`${provider} is ${approved ? "approved" : "no longer approved"} on ${server}`);
});

async function reach<T>(server: string, request: Promise<T>): Promise<T> {
  return await request.catch((cause: unknown) => {
    if (cause instanceof ApiProblem) throw new UsageError(cause.message, { cause });
    throw new UsageError(`No metering server answers at ${server}: start one, or give --server.`, {
      cause,
    });
  });
}
