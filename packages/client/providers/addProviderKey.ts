import { registerProviderKey } from "@compute-credits/api/providers/providerKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { walletAccount } from "../chain/walletAccount.ts";
import type { Api, CallOptions } from "../http/api.ts";
import { createProviderKey } from "../wallet/apiKey.ts";
import { type Signing, askWallet } from "../wallet/signing.ts";

/** A registered provider's key, with the only copy of its text: the server has its hash. */
export type AddedProviderKey = AnswerBody<typeof registerProviderKey> & { readonly key: string };

/**
 * Signs the hash of a key for the servers of the wallet, which is a provider's, and registers it.
 * Rejects with `provider_not_approved` until an operator approved the provider.
 */
export async function addProviderKey(
  api: Api,
  { wallet, deployment }: Signing,
  {
    key = createProviderKey(),
  }: {
    /** a new one, if absent; name it to repeat a request */
    readonly key?: string;
  } = {},
  options?: CallOptions,
): Promise<AddedProviderKey> {
  const account = walletAccount(wallet);
  const message = { provider: account.address, keyHash: apiKeySpender(key) };
  const typedData = providerKeyTypedData(deployment, message);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  const body = { ...message, signature };
  return { ...(await api.call(registerProviderKey, { body }, options)), key };
}
