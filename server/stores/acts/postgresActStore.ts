import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { ActStore, Actor, RecordedAct } from "./actStore.ts";

type ActRow = Omit<RecordedAct, "actor"> & {
  readonly actorKind: Actor["kind"];
  readonly actor: string | null;
};

export function createActStore(database: Pick<Database, "query">): ActStore {
  return {
    async add(tx, { request, act, actor, account, provider, allowance, clientAddress, details }) {
      // Plan: allowances by primary key.
      await tx.query(
        `insert into acts
           (request, act, actor_kind, actor, account, provider, client_address, details)
         values ($1, $2, $3, $4,
           coalesce($5::bytea, (select account from allowances where id = $6)), $7, $8, $9)
         on conflict (request) do nothing`,
        [
          request,
          act,
          actor.kind,
          actor.id,
          account === null ? null : bytea(account),
          allowance === null ? null : bytea(allowance),
          provider === null ? null : bytea(provider),
          clientAddress,
          JSON.stringify(details),
        ],
      );
    },

    async list({ account, provider, act }, { before, limit }) {
      // Plan: acts_of_account or acts_of_provider, else acts by primary key, backwards.
      const rows = await database.query<ActRow>(
        `select id, at, act, actor_kind as "actorKind", actor, account, provider,
           client_address as "clientAddress", details
         from acts
         where ($1::bytea is null or account = $1) and ($2::bytea is null or provider = $2)
           and ($3::text is null or act = $3) and ($4::bigint is null or id < $4)
         order by id desc limit $5`,
        [
          account === null ? null : bytea(account),
          provider === null ? null : bytea(provider),
          act,
          before,
          limit,
        ],
      );
      return rows.map(({ actorKind, actor, ...row }) => ({
        ...row,
        actor: { kind: actorKind, id: actor },
      }));
    },
  };
}
