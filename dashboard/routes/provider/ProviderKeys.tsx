import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Address, Hex } from "viem";

import { revokeKey } from "@compute-credits/client/keys/revokeKey";
import { addProviderKey } from "@compute-credits/client/providers/addProviderKey";
import { createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { WideTable } from "../../parts/Card.tsx";
import { Hash } from "../../parts/Hash.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { useServer } from "../../parts/ServerContext.tsx";
import { Failure, Loaded } from "../../parts/States.tsx";
import { api } from "../../queries/api.ts";
import { providerKeysQuery } from "../../queries/provider.ts";
import { useReviewedSigner } from "../../wallet/useReviewedSigner.tsx";
import styles from "./Provider.module.css";

/** The keys with which the provider's machines charge: a new one, and the end of one. */
export function ProviderKeys({ provider }: { readonly provider: Address }) {
  const { queryKey } = providerKeysQuery(provider);
  const queries = useQueryClient();
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const onSettled = () => queries.invalidateQueries({ queryKey });
  const adding = useMutation({
    mutationFn: async () => {
      const key = createProviderKey();
      const wallet = await signer([
        "A new key of yours may charge your customers, up to what each of them allowed.",
        "It cannot spend your credits, and pays nothing out.",
        `The key's hash is ${apiKeySpender(key)}.`,
      ]);
      return await addProviderKey(api, { wallet, deployment }, { key });
    },
    onSettled,
  });
  const ending = useMutation({
    mutationFn: async (keyHash: Hex) => await revokeKey(api, { keyHash }),
    onSettled,
  });
  const error = adding.error ?? ending.error;
  return (
    <>
      {dialog}
      {error !== null && <Failure error={error} />}
      <p>
        <button type="button" disabled={adding.isPending} onClick={() => adding.mutate()}>
          {adding.isPending ? "Waiting for your wallet …" : "Make a key"}
        </button>
      </p>
      {adding.data !== undefined && (
        <div role="status">
          <p>
            This is the key. Copy it to your machine now: it is shown once, and nobody else has it.
          </p>
          <p className={styles["key"]}>
            <code data-key>{adding.data.key}</code>
          </p>
        </div>
      )}
      <Loaded query={useQuery(providerKeysQuery(provider))}>
        {(keys) =>
          keys.length === 0 ? (
            <p>You have none yet.</p>
          ) : (
            <WideTable label="Keys that charge for you">
              <thead>
                <tr>
                  <th>Hash</th>
                  <th>Label</th>
                  <th>Made</th>
                  <th>Used last</th>
                  <th>End it</th>
                </tr>
              </thead>
              <tbody>
                {keys.map(({ keyHash, label, createdAt, usedAt, isOpen }) => (
                  <tr key={keyHash}>
                    <td>
                      <Hash hex={keyHash} />
                    </td>
                    <td>{label === "" ? "–" : label}</td>
                    <td>
                      <Moment at={createdAt} />
                    </td>
                    <td>{usedAt === null ? "never" : <Moment at={usedAt} />}</td>
                    <td>
                      {isOpen ? (
                        <button
                          type="button"
                          className="plain"
                          disabled={ending.isPending}
                          aria-label={`End it: key ${keyHash.slice(0, 10)}`}
                          onClick={() => ending.mutate(keyHash)}
                        >
                          End it
                        </button>
                      ) : (
                        "ended"
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </WideTable>
          )
        }
      </Loaded>
    </>
  );
}
