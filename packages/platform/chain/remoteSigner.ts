import {
  type Address,
  type Hex,
  hashTypedData,
  isAddressEqual,
  isHex,
  numberToHex,
  parseTransaction,
  recoverTransactionAddress,
  recoverAddress,
  stringify,
} from "viem";
import { z } from "zod";

import {
  checkpointDigest,
  checkpointTypedData,
} from "@compute-credits/protocol/messages/checkpoint";
import { logHeadTypedData } from "@compute-credits/protocol/messages/logHead";
import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import type { KeySigner } from "./signer.ts";

const Answer = z.object({
  result: z.custom<Hex>((value) => isHex(value)).optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});

/** JSON-RPC 2.0's code for an unknown method. */
const METHOD_NOT_FOUND = -32601;

/** The time limit of a request. A KMS answers within tens of milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Creates a signer whose key is held by a signing service with Ethereum's JSON-RPC over HTTP. This
 * includes Web3Signer and bridges to a KMS. Checks each signature, so that a wrong key fails here
 * and not in the contract. Methods reject if the service fails, refuses, or signs something else.
 */
export function createRemoteSigner(url: string, address: Address): KeySigner {
  async function ask(method: string, params: readonly unknown[]) {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      // The URL may contain credentials, so it stays out of errors.
      throw new Error(`the signer of ${address} does not answer`, { cause: nameOf(cause) });
    });
    const answer = Answer.safeParse(await response.json().catch(() => null));
    if (!answer.success) {
      throw new Error(
        `the signer of ${address} answered ${response.status} without a JSON-RPC document`,
      );
    }
    return answer.data;
  }

  async function resultOf(methods: readonly string[], params: readonly unknown[]): Promise<Hex> {
    let refusal = "no error message";
    for (const method of methods) {
      // oxlint-disable-next-line no-await-in-loop -- tries the second name if the first is unknown
      const { result, error } = await ask(method, params);
      if (result !== undefined) return result;
      refusal = error?.message ?? refusal;
      if (error?.code !== METHOD_NOT_FOUND) break;
    }
    throw new Error(`the signer of ${address} refuses: ${refusal}`);
  }

  async function signTypedData(typedData: { types: object }, digest: Hex): Promise<Hex> {
    const signature = await resultOf(
      ["eth_signTypedData_v4", "eth_signTypedData"],
      [address, stringify({ ...typedData, types: { EIP712Domain, ...typedData.types } })],
    );
    const signed = await recoverAddress({ hash: digest, signature });
    if (!isAddressEqual(signed, address)) throw wrongKey(signed);
    return signature;
  }

  return {
    address,

    sign: (deployment, message) =>
      signTypedData(
        checkpointTypedData(deployment, message),
        checkpointDigest(deployment, message),
      ),
    async signReceipt(deployment, message) {
      const typedData = earningsReceiptTypedData(deployment, message);
      return await signTypedData(typedData, hashTypedData(typedData));
    },

    async signLogHead(deployment, message) {
      const typedData = logHeadTypedData(deployment, message);
      return await signTypedData(typedData, hashTypedData(typedData));
    },

    async signTransaction(transaction) {
      const { to, data, nonce, gas, maxFeePerGas, maxPriorityFeePerGas, chainId } = transaction;
      const serialized = await resultOf(
        ["eth_signTransaction"],
        [
          {
            from: address,
            to,
            data,
            value: "0x0",
            type: "0x2",
            chainId: numberToHex(chainId),
            nonce: numberToHex(nonce ?? 0),
            gas: numberToHex(gas ?? 0n),
            maxFeePerGas: numberToHex(maxFeePerGas ?? 0n),
            maxPriorityFeePerGas: numberToHex(maxPriorityFeePerGas ?? 0n),
          },
        ],
      );
      const signed = parseTransaction(serialized);
      const isOurs =
        signed.type === "eip1559" &&
        signed.data === data &&
        signed.to?.toLowerCase() === to?.toLowerCase() &&
        (signed.nonce ?? 0) === nonce &&
        (signed.value ?? 0n) === 0n &&
        signed.chainId === chainId &&
        signed.maxFeePerGas === maxFeePerGas;
      if (!isOurs) throw new Error(`the signer of ${address} signed another transaction`);
      // `parseTransaction` has checked the type, so the prefix is 0x02.
      const by = await recoverTransactionAddress({
        serializedTransaction: `0x02${serialized.slice(4)}`,
      });
      if (!isAddressEqual(by, address)) throw wrongKey(by);
      return serialized;
    },
  };

  function wrongKey(signed: Address): Error {
    return new Error(`the signer of ${address} signed with the key of ${signed}`);
  }
}

/** Signing services need the domain's type in the request too. */
const EIP712Domain = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : typeof cause;
}
