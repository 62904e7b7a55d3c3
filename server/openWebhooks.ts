import { join } from "node:path";

import type { Database } from "@compute-credits/platform/postgres/database";
import { type GuardedPost, createGuardedPost } from "@compute-credits/platform/process/guardedPost";
import type { Config } from "./config.ts";
import { LOCAL_CHAIN_ID } from "./localChainId.ts";
import type { DeliveryStore } from "./stores/webhooks/deliveryStore.ts";
import type { NoticeStore } from "./stores/webhooks/noticeStore.ts";
import { createDeliveryStore } from "./stores/webhooks/postgresDeliveryStore.ts";
import { createNoticeStore } from "./stores/webhooks/postgresNoticeStore.ts";
import { createWebhookStore } from "./stores/webhooks/postgresWebhookStore.ts";
import { type SecretSealer, createSecretSealer } from "./stores/webhooks/sealedSecrets.ts";
import type { WebhookStore } from "./stores/webhooks/webhookStore.ts";
import { localWebhookKey } from "./webhookKeys.ts";
import { SENDING } from "./workers/webhooks/deliveryWorker.ts";

/** What webhooks are served and sent with. */
export interface Webhooks {
  readonly deliveries: DeliveryStore;
  readonly notices: NoticeStore;
  /** `null` if this server has no key for their secrets */
  readonly sending: {
    readonly store: WebhookStore;
    readonly sealer: SecretSealer;
    readonly poster: GuardedPost;
  } | null;
}

/** A server of the local chain with the embedded database makes a key in its data folder. */
export function openWebhooks(
  { webhooks: { keys, networks, most }, database: location }: Pick<Config, "webhooks" | "database">,
  { database, chainId }: { readonly database: Database; readonly chainId: number },
): Webhooks {
  const isLocal = chainId === LOCAL_CHAIN_ID && "folder" in location;
  const [first, ...older] =
    keys.length > 0 ? keys : isLocal ? [localWebhookKey(join(location.folder, "webhook-key"))] : [];
  const sealer = first === undefined ? null : createSecretSealer([first, ...older]);
  return {
    deliveries: createDeliveryStore(database),
    notices: createNoticeStore(database),
    sending:
      sealer === null
        ? null
        : {
            store: createWebhookStore(database, sealer, { most }),
            sealer,
            poster: createGuardedPost({ networks, timeoutMs: SENDING.timeoutMs }),
          },
  };
}
