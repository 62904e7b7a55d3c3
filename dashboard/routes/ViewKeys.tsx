import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import type { Address, Hex } from "viem";

import { addViewKey } from "@compute-credits/client/keys/addViewKey";
import { revokeKey } from "@compute-credits/client/keys/revokeKey";
import type { Key } from "@compute-credits/client/keys/readKeys";
import { WideTable } from "../parts/Card.tsx";
import { fieldText } from "../parts/fieldText.ts";
import form from "../parts/Form.module.css";
import { Hash } from "../parts/Hash.tsx";
import { Moment } from "../parts/Moment.tsx";
import { Secret } from "../parts/Secret.tsx";
import { Failure, Loaded } from "../parts/States.tsx";
import { walletKeysQuery } from "../queries/access.ts";
import { api } from "../queries/api.ts";

const DAY_SECONDS = 86_400;

const LIVES = {
  "a day": 1,
  "a week": 7,
  "31 days": 31,
  "a year": 365,
} as const;

const KINDS: Readonly<Record<Key["kind"], string>> = {
  view: "reads the account",
  issuing: "issues grants",
  provider: "reports usage",
};

/** Makes a key that reads the account, and ends any key of the wallet. */
export function ViewKeys({ account }: { readonly account: Address }) {
  const queries = useQueryClient();
  const onSettled = async () =>
    await queries.invalidateQueries({ queryKey: walletKeysQuery(account).queryKey });
  const adding = useMutation({
    mutationFn: async ({ label, days }: { label: string; days: number }) => {
      const expiresAt = BigInt(Math.floor(Date.now() / 1_000) + days * DAY_SECONDS);
      return (await addViewKey(api, { account, expiresAt, label })).key;
    },
    onSettled,
  });
  const ending = useMutation({
    mutationFn: async (keyHash: Hex) => await revokeKey(api, { keyHash }),
    onSettled,
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const life = fieldText(event.currentTarget, "life");
    const days = Object.entries(LIVES).find(([name]) => name === life)?.[1] ?? 1;
    adding.mutate({ label: fieldText(event.currentTarget, "label"), days });
  }

  return (
    <>
      <form onSubmit={onSubmit}>
        <div className={form["form"]}>
          <label>
            Name of a new view key
            <input name="label" autoComplete="off" maxLength={64} required />
          </label>
          <label>
            It ends after
            <select name="life" defaultValue="31 days">
              {Object.keys(LIVES).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <div>
            <button type="submit" disabled={adding.isPending}>
              Create the view key
            </button>
          </div>
        </div>
      </form>
      {adding.error !== null && <Failure error={adding.error} />}
      {adding.data !== undefined && <Secret text={adding.data} what="key" />}
      {ending.error !== null && <Failure error={ending.error} />}
      <Loaded query={useQuery(walletKeysQuery(account))}>
        {(keys) =>
          keys.length === 0 ? (
            <p>There is none yet.</p>
          ) : (
            <WideTable label="Keys of the wallet, open ones first">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>What it does</th>
                  <th>Hash</th>
                  <th>Last used</th>
                  <th>Ends</th>
                  <th>End it</th>
                </tr>
              </thead>
              <tbody>
                {keys.map((key) => (
                  <Row
                    key={key.keyHash}
                    of={key}
                    onEnd={ending.isPending ? null : () => ending.mutate(key.keyHash)}
                  />
                ))}
              </tbody>
            </WideTable>
          )
        }
      </Loaded>
    </>
  );
}

function Row({
  of: { kind, keyHash, label, usedAt, expiresAt, revokedAt, isOpen },
  onEnd,
}: {
  readonly of: Key;
  readonly onEnd: (() => void) | null;
}) {
  const end = revokedAt ?? expiresAt;
  return (
    <tr>
      <td>{label === "" ? "–" : label}</td>
      <td>{KINDS[kind]}</td>
      <td>
        <Hash hex={keyHash} />
      </td>
      <td>{usedAt === null ? "never" : <Moment at={usedAt} />}</td>
      <td>{end === null ? "never" : <Moment at={end} />}</td>
      <td>
        {isOpen ? (
          <button
            type="button"
            className="plain"
            disabled={onEnd === null}
            aria-label={`End the key ${label}`}
            onClick={() => onEnd?.()}
          >
            End
          </button>
        ) : (
          "ended"
        )}
      </td>
    </tr>
  );
}
