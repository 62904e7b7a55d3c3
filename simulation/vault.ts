import type { Address } from "viem";

import type { NewChainEvent } from "./newChainEvent.ts";
import type { RefundRequest } from "@compute-credits/rules/accounts/refundRequest";

interface VaultAccount {
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly request: RefundRequest | null;
}

const NEW_ACCOUNT: VaultAccount = { purchased: 0n, spent: 0n, refunded: 0n, request: null };

/**
 * A model of the contract's refund requests, counters and recorded caps. It drops events that the
 * contract would refuse, and adds the fields that the contract records.
 */
export class SimulatedVault {
  readonly #accounts = new Map<Address, VaultAccount>();
  /** by account, then by counter; a counter may lie ahead of the account's */
  readonly #recordedCaps = new Map<Address, Map<bigint, bigint>>();
  /** by account, then by counter */
  readonly #endedAt = new Map<Address, Map<bigint, Date>>();

  /** Applies a block of a time. Returns the events that the contract would emit. */
  apply(events: readonly NewChainEvent[], time: Date): readonly NewChainEvent[] {
    return events.flatMap((event) => this.#applyEvent(event, time));
  }

  /** Returns when each counter of an account that was raised ended. The next one began then. */
  endedCounters(account: Address): ReadonlyMap<bigint, Date> {
    return this.#endedAt.get(account) ?? new Map();
  }

  /** Returns all recorded caps of an account by counter, in micro-credits. */
  recordedCaps(account: Address): ReadonlyMap<bigint, bigint> {
    return this.#recordedCaps.get(account) ?? new Map();
  }

  /** Returns the open refund requests by account. */
  openRequests(): ReadonlyMap<Address, RefundRequest> {
    return new Map(
      [...this.#accounts].flatMap(([address, { request }]) =>
        request === null ? [] : [[address, request] as const],
      ),
    );
  }

  #applyEvent(event: NewChainEvent, time: Date): readonly NewChainEvent[] {
    switch (event.type) {
      case "purchased": {
        const account = this.#account(event.account);
        const purchased = account.purchased + event.amountMicros;
        this.#accounts.set(event.account, { ...account, purchased });
        return [event];
      }
      case "refund_requested": {
        const account = this.#account(event.account);
        const { requestedMicros } = event;
        const unspentMicros = account.purchased - account.refunded;
        if (account.request !== null || requestedMicros > unspentMicros - account.spent) {
          return [];
        }
        const request = { requestedMicros, unspentMicros, refundedMicros: account.refunded };
        this.#accounts.set(event.account, { ...account, request });
        return [{ ...event, ...request }];
      }
      case "row_settled": {
        const { request, ...account } = this.#account(event.party);
        const { spent, refunded } = event;
        const isServed = request === null || dueAfter(request, { spent, refunded }) <= 0n;
        this.#accounts.set(event.party, {
          ...account,
          spent,
          refunded,
          request: isServed ? null : request,
        });
        // Also if the due amount fell to zero by spending alone.
        if (request === null || !isServed) return [event];
        return [{ type: "refund_served", account: event.party }, event];
      }
      case "counter_raised":
        innerMap(this.#endedAt, event.account).set(event.counter - 1n, time);
        return [event];
      case "cap_recorded": {
        const caps = innerMap(this.#recordedCaps, event.account);
        // Recording a cap that is no higher changes nothing and emits nothing.
        if (event.accountCapMicros <= (caps.get(event.counter) ?? 0n)) return [];
        caps.set(event.counter, event.accountCapMicros);
        return [event];
      }
      default:
        return [event];
    }
  }

  #account(address: Address): VaultAccount {
    return this.#accounts.get(address) ?? NEW_ACCOUNT;
  }
}

/** Returns the map of a key, and adds an empty one at its first use. */
function innerMap<K, V>(maps: Map<Address, Map<K, V>>, key: Address): Map<K, V> {
  const known = maps.get(key) ?? new Map<K, V>();
  maps.set(key, known);
  return known;
}

/** Computes what is still due of a request, in micro-credits. Negative if more was refunded. */
export function dueAfter(
  { requestedMicros, unspentMicros, refundedMicros }: RefundRequest,
  { spent, refunded }: { spent: bigint; refunded: bigint },
): bigint {
  const left = unspentMicros > spent ? unspentMicros - spent : 0n;
  const due = requestedMicros < left ? requestedMicros : left;
  return due - (refunded - refundedMicros);
}
