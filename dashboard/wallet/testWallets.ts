import { type Hex, createWalletClient, defineChain, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { z } from "zod";

/**
 * The wallets that `npm start` prints. Everyone knows their keys, and only its own build of this page
 * has them: `npm run dashboard` leaves this file out.
 */
const KEYS: Readonly<Record<string, Hex>> = {
  Alice: "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
  Bob: "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
  Operator: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  Provider: "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
};

const Sent = z.tuple([
  z.object({
    to: z.custom<Hex>((value) => typeof value === "string"),
    data: z.custom<Hex>((value) => typeof value === "string").optional(),
    value: z.string().transform(BigInt).optional(),
  }),
]);

interface Request {
  readonly method: string;
  readonly params?: unknown;
}

/** Announces the test wallets as browsers' wallets announce themselves (EIP-6963). */
export function announceTestWallets({
  chainId,
  rpcUrl,
}: {
  readonly chainId: number;
  readonly rpcUrl: string;
}): void {
  const details = Object.entries(KEYS).map(([name, key]) =>
    Object.freeze({
      info: {
        uuid: crypto.randomUUID(),
        name: `Test wallet: ${name}`,
        icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
        rdns: `test.compute-credits.${name.toLowerCase()}`,
      },
      provider: testProvider(key, { chainId, rpcUrl }),
    }),
  );
  const announce = () => {
    for (const detail of details) {
      window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    }
  };
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}

/** A provider (EIP-1193) that signs at once with its key, and passes all else to the chain. */
function testProvider(
  key: Hex,
  { chainId, rpcUrl }: { readonly chainId: number; readonly rpcUrl: string },
) {
  const account = privateKeyToAccount(key);
  const chain = defineChain({
    id: chainId,
    name: "Local chain",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const transport = http(rpcUrl);
  const wallet = createWalletClient({ account, chain, transport });
  const { request } = transport({ chain });
  // As wallets do: a page sees no account before its user has connected it, once.
  const connected = `test-wallet ${account.address}`;

  return {
    on: () => undefined,
    removeListener: () => undefined,
    async request({ method, params }: Request): Promise<unknown> {
      switch (method) {
        case "eth_accounts":
          return localStorage.getItem(connected) === null ? [] : [account.address];
        case "eth_requestAccounts":
          localStorage.setItem(connected, "yes");
          return [account.address];
        case "wallet_revokePermissions":
          localStorage.removeItem(connected);
          return null;
        case "wallet_requestPermissions":
          localStorage.setItem(connected, "yes");
          return [{ parentCapability: "eth_accounts" }];
        case "wallet_switchEthereumChain":
          return null;
        case "personal_sign": {
          const [raw] = z.tuple([z.custom<Hex>()]).rest(z.unknown()).parse(params);
          return await account.signMessage({ message: { raw } });
        }
        case "eth_signTypedData_v4": {
          const [, text] = z.tuple([z.unknown(), z.string()]).parse(params);
          return await account.signTypedData(JSON.parse(text));
        }
        case "eth_sendTransaction": {
          const [{ to, data, value }] = Sent.parse(params);
          const call = {
            ...(data !== undefined && { data }),
            ...(value !== undefined && { value }),
          };
          return await wallet.sendTransaction({ to, ...call });
        }
        default:
          return await request({ method, params });
      }
    },
  };
}
