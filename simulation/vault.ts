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
  /** by account and counter */
  readonly #recordedCaps = new Map<string, bigint>();

  /** by account and counter */
  readonly #endedAt = new Map<string, Date>();

  /** Applies a block of a time. Returns the events that the contract would emit. */
  apply(events: readonly NewChainEvent[], time: Date): readonly NewChainEvent[] {
    return events.flatMap((event) => this.#applyEvent(event, time));
  }

  /** When a counter was raised; `null` if it was not. */
  endedAt(account: Address, counter: bigint): Date | null {
    return this.#endedAt.get(`${account} ${counter}`) ?? null;
  }

  /** The recorded cap of an account's counter. */
  recordedCap(account: Address, counter: bigint): bigint {
    return this.#recordedCaps.get(`${account} ${counter}`) ?? 0n;
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
        this.#endedAt.set(`${event.account} ${event.counter - 1n}`, time);
        return [event];
      case "cap_recorded": {
        const key = `${event.account} ${event.counter}`;
        // Recording a cap that is no higher changes nothing and emits nothing.
        if (event.accountCapMicros <= (this.#recordedCaps.get(key) ?? 0n)) return [];
        this.#recordedCaps.set(key, event.accountCapMicros);
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

/** Computes what is still due of a request, in micro-credits. Negative if more was refunded. */
export function dueAfter(
  { requestedMicros, unspentMicros, refundedMicros }: RefundRequest,
  { spent, refunded }: { spent: bigint; refunded: bigint },
): bigint {
  const left = unspentMicros > spent ? unspentMicros - spent : 0n;
  const due = requestedMicros < left ? requestedMicros : left;
  return due - (refunded - refundedMicros);
}
