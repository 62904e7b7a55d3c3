import {
  type Address,
  type Hex,
  type PublicClient,
  concat,
  numberToHex,
  padHex,
  size,
  slice,
} from "viem";

/** A call of a contract, whose success or failure is asked for. */
export interface AttemptedCall extends Call {
  /** whether the call may change state, which nothing keeps */
  readonly mayWrite: boolean;
  /** a call that is made before, whose outcome does not matter: it may deploy the contract */
  readonly first?: Call;
}

interface Call {
  readonly to: Address;
  readonly data: Hex;
}

export interface Attempt {
  /** false if the contract reverted, ran out of gas, or met an invalid instruction */
  readonly succeeded: boolean;
  readonly returnedBytes: bigint;
  /** the first 32 bytes of the answer; only meaningful if it has as many */
  readonly firstWord: Hex;
}

/**
 * The gas that a checked call may use: several times what a wallet needs that checks a P-256
 * signature in Solidity. It also bounds what the operator pays for a recorded cap.
 */
export const CALL_GAS = 2_000_000n;

/** For the bytes of the longest signature and for the wrapping code. */
const WRAPPER_GAS = 1_500_000n;

/**
 * Makes a call at the newest block and returns what came of it. Endpoints tell a revert in many
 * words, so none is read: the call is wrapped in a few instructions (a contract creation that is
 * only simulated) which end well whatever the called contract does. So every error is the
 * endpoint's, and rejects. The exception is an endpoint that answers the same request about a
 * harmless contract, but not this one: then the contract is to blame, and the attempt has failed.
 */
export async function attemptCall(client: PublicClient, call: AttemptedCall): Promise<Attempt> {
  for (let tries = 1; ; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the second try follows a failed first one
      return await ask(client, call);
    } catch (error) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (!(await isAnswering(client, call))) throw error;
      if (tries === MAX_TRIES) return FAILED;
    }
  }
}

const MAX_TRIES = 2;
const FAILED: Attempt = { succeeded: false, returnedBytes: 0n, firstWord: "0x" };

/** The precompiled contract that returns what it is sent. */
const IDENTITY: Address = "0x0000000000000000000000000000000000000004";

async function isAnswering(client: PublicClient, call: AttemptedCall): Promise<boolean> {
  try {
    const data = padHex("0x", { size: size(call.data) + sizeOf(call.first) });
    const { succeeded } = await ask(client, { to: IDENTITY, data, mayWrite: false });
    return succeeded;
  } catch {
    return false;
  }
}

async function ask(client: PublicClient, call: AttemptedCall): Promise<Attempt> {
  const gas = CALL_GAS * (call.first === undefined ? 1n : 2n) + WRAPPER_GAS;
  const { data } = await client.call({ data: wrapped(call), gas });
  if (data === undefined || size(data) !== 96) {
    throw new Error(`the endpoint answered a simulated creation with ${data ?? "nothing"}`);
  }
  return {
    succeeded: BigInt(slice(data, 0, 32)) === 1n,
    returnedBytes: BigInt(slice(data, 32, 64)),
    firstWord: slice(data, 64, 96),
  };
}

function sizeOf(call: Call | undefined): number {
  return call === undefined ? 0 : size(call.data);
}

/** The code that makes the calls, and answers (success, returned bytes, first word) of the last. */
function wrapped(call: AttemptedCall): Hex {
  const { first } = call;
  const build = (codeBytes: number) =>
    concat([
      // The first call's success is popped.
      first === undefined ? "0x" : concat([calling(first, codeBytes, true), "0x50"]),
      calling(call, codeBytes + sizeOf(first), call.mayWrite),
      // mstore(64, mload(0)), mstore(32, returndatasize), mstore(0, success), return(0, 96)
      "0x600051604052",
      "0x3d602052",
      "0x600052",
      "0x60606000f3",
    ]);
  // The calls' data follows the code.
  return concat([build(size(build(0))), first?.data ?? "0x", call.data]);
}

/** Instructions that make a call with the data at an offset, and leave its success on the stack. */
function calling({ to, data }: Call, offset: number, mayWrite: boolean): Hex {
  const bytes = numberToHex(size(data), { size: 3 });
  return concat([
    // codecopy(0, offset, bytes)
    concat(["0x62", bytes, "0x62", numberToHex(offset, { size: 3 }), "0x600039"]),
    // The answer's first word goes to 0; the data is read from 0.
    concat(["0x60206000", "0x62", bytes, "0x6000"]),
    // A call has a value (0); a static call has none.
    mayWrite ? "0x6000" : "0x",
    concat(["0x73", to, "0x63", numberToHex(CALL_GAS, { size: 4 }), mayWrite ? "0xf1" : "0xfa"]),
  ]);
}
