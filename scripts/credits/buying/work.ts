import { randomBytes } from "node:crypto";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { walletAccount } from "@compute-credits/client/chain/walletAccount";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { compressRemotely, startCompressionService } from "../../demo/compressionService.ts";
import { localWallet } from "../../local/deployLocal.ts";
import { wallets } from "../../local/wallets.ts";
import { AMOUNT, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";
import { balanceLines } from "./balanceLines.ts";

const JOB_BYTES = 512 * 1024;

export const workVerb = verb({
  name: "work",
  reader: "user",
  summary: "Lets a test provider do one real job for a key",
  details:
    "Of the local chain only: gives a new API key an allowance, starts a provider that compresses " +
    "data, and lets it do one job for the key. The key is gone afterwards.",
  examples: ["work --wallet alice"],
  asks: null,
  options: { credits: withDefault(AMOUNT, "the most that the key may spend", "100") },
  async run(context, { credits: limitMicros }) {
    if (!context.isTestWallet) {
      throw new UsageError('"work" is for the test wallets of the local chain: give --wallet.');
    }
    const { wallet, deployment } = await context.signing();
    const { address } = walletAccount(wallet);
    const { counter } = await context.metering.balance(address);
    const apiKey = createApiKey();
    const spender = apiKeySpender(apiKey);
    const signed = await signAllowance(wallet, deployment, { spender, limitMicros, counter });
    const { id } = await context.metering.addAllowance(signed, { apiKey });

    const provider = localWallet(context.rpc, wallets.provider);
    const service = await startCompressionService(provider, deployment, context.server);
    try {
      const input = Buffer.from(randomBytes(JOB_BYTES).toString("hex"));
      const job = compressRemotely(service.url, apiKey, input);
      const receipt = await context.progress("the provider works", job);
      const { costMicros: cost, cpuMilliseconds, bytes } = receipt;
      const costMicros = BigInt(cost);
      const balance = await context.metering.balance(address);
      return show({ allowance: id, job: { cpuMilliseconds, bytes, costMicros }, balance }, [
        `allowance ${id}: the key may spend ${formatCredits(limitMicros)} credits`,
        `one job: ${cpuMilliseconds} ms of CPU, ${bytes} bytes, ${formatCredits(costMicros)} credits`,
        ...balanceLines(balance),
      ]);
    } finally {
      await service.stop();
    }
  },
});
