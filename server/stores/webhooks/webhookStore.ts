import type { Address } from "viem";

import type { NamedKind } from "@compute-credits/api/webhooks/eventKinds";
import type { WebhookThresholds } from "@compute-credits/rules/webhooks/thresholds";

/** Whose events an endpoint gets. */
export type WebhookOwner =
  | { readonly party: "account" | "provider"; readonly address: Address }
  | { readonly party: "operator"; readonly address: null };

/** What its owner chose. */
export interface WebhookTerms {
  readonly url: string;
  readonly description: string;
  readonly events: readonly NamedKind[];
  readonly thresholds: WebhookThresholds;
}

/** An endpoint, without its secrets. */
export interface Webhook extends WebhookTerms {
  readonly id: string;
  readonly owner: WebhookOwner;
  readonly isLow: boolean;
  readonly isShort: boolean;
  readonly createdAt: Date;
  readonly oldSecretUntil: Date | null;
  readonly failingSince: Date | null;
  readonly disabledAt: Date | null;
  readonly disabledAs: "gone" | "failing" | "owner" | null;
}

export type CreateOutcome =
  | { readonly result: "created"; readonly webhook: Webhook; readonly secret: string }
  | { readonly result: "refused"; readonly reason: "too_many_webhooks"; readonly limit: number }
  | { readonly result: "refused"; readonly reason: "account_without_purchases" };

export interface WebhookStore {
  /** Adds an endpoint with a new secret. It is told at once of a balance that is low already. */
  create(owner: WebhookOwner, terms: WebhookTerms): Promise<CreateOutcome>;
  /** Lists the owner's endpoints, oldest first. */
  ofOwner(owner: WebhookOwner): Promise<readonly Webhook[]>;
  find(id: string): Promise<Webhook | null>;
  /**
   * Changes an endpoint. `enabled` ends or begins a pause; absent, that stays as it is. `null` if
   * it is gone.
   */
  update(
    webhook: Pick<Webhook, "id" | "owner">,
    terms: WebhookTerms,
    enabled?: boolean,
  ): Promise<Webhook | null>;
  /** Deletes an endpoint and its deliveries. Returns false if it is gone. */
  remove(webhook: Pick<Webhook, "id" | "owner">): Promise<boolean>;
  /** Makes a new secret; the old one signs too for so long. `null` if it is gone. */
  rotate(
    id: string,
    overlapSeconds: number,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string } | null>;
  /** Seals anew, under the newest key, at most so many secrets. Returns how many. */
  resealOld(most: number): Promise<number>;
}
