/** `npm run deploy`: deploys the contracts, reads every term back and records the result. */
import { mkdir, writeFile } from "node:fs/promises";

import {
  type Abi,
  type Address,
  type Hex,
  type PublicClient,
  type Transport,
  createPublicClient,
  createWalletClient,
  encodeDeployData,
  http,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { z } from "zod";

import { findWindowErrors } from "@compute-credits/rules/checkpoints/windows";
import { ADDRESS_FORM, parseAddress } from "@compute-credits/protocol/address";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";
import { privateKey } from "@compute-credits/platform/process/environment";
import { COMPILER_VERSION } from "./compiled/compilerSettings.ts";
import { type CompiledName, readCompiled } from "./compiled/readCompiled.ts";
import { changedSources } from "./compiled/sources.ts";
import {
  VERIFIABLE,
  type VerifiableName,
  qualifiedName,
  standardInput,
} from "./compiled/standardInput.ts";
import { explainChainError } from "./explainChainError.ts";
import { HARDHAT_CHAIN } from "./local/hardhatChain.ts";

const HELP = `npm run deploy -- OPTIONS      all are needed, and most can never be changed

  --rpc-url URL                    the chain
  --token ADDRESS                  what credits are bought with: no fee on transfer, no rebasing
  --credit-micros-per-token N      micro-credits for a whole token (100000000: 100 credits)
  --max-fee-bps N                  the most that the operator may keep (500: 5 %)
  --dispute-window-seconds N       until a checkpoint is final
  --answer-window-seconds N        to answer a challenge
  --refund-window-seconds N        to serve a refund; at least three times the two above together
  --exit-grace-seconds N           after a freeze, until exits need no proof
  --counter-grace-seconds N        for caps of an ended counter; at least twice dispute + answer
  --signer-delay-seconds N         before new signers; at least twice refund, + dispute + answer
  --unproven-limit-micros N        see docs/decisions/0103; 18446744073709551615 = no limit
  --challenge-stake-wei N          twice what an answer costs in gas, or more
  --owner ADDRESS  --guardian ADDRESS  --fee-recipient ADDRESS
  --signers ADDRESS,ADDRESS,…      in any order
  --threshold N                    of them
  --help                           this text

The deployer's key is read from DEPLOYER_PRIVATE_KEY; it gets no power.`;

/** Where records go, and the compiler's inputs beside them. */
const DEPLOYMENTS = new URL("../deployments/", import.meta.url);

const address = z
  .string()
  .trim()
  .transform((text, context) => {
    const parsed = parseAddress(text);
    if (parsed !== null) return parsed;
    context.addIssue(`"${text}" is not ${ADDRESS_FORM}`);
    return z.NEVER;
  });
const whole = z.string().regex(/^\d+$/, "a whole number");
const small = whole.transform(Number);
const big = whole.transform(BigInt);

const Options = z.object({
  "rpc-url": z.url(),
  token: address,
  "credit-micros-per-token": big,
  "max-fee-bps": small,
  "dispute-window-seconds": small,
  "answer-window-seconds": small,
  "refund-window-seconds": small,
  "exit-grace-seconds": small,
  "counter-grace-seconds": small,
  "signer-delay-seconds": small,
  "unproven-limit-micros": big,
  "challenge-stake-wei": big,
  owner: address,
  guardian: address,
  "fee-recipient": address,
  signers: z
    .string()
    .transform((list) => list.split(","))
    .pipe(z.array(address)),
  threshold: small,
});

const OPTIONS = Object.fromEntries(
  Object.keys(Options.shape).map((name) => [name, { type: "string" as const }]),
);

await run(async () => {
  const { values } = readOptions({
    options: { ...OPTIONS, help: { type: "boolean", default: false } },
  });
  if (values["help"]) {
    console.log(HELP);
    return;
  }
  const { options, key } = readTerms(values);
  await deploy(options, key).catch((error: unknown) => {
    const text = explainChainError(error, { rpc: options["rpc-url"], option: "--rpc-url" });
    throw text === null ? error : new UsageError(text, { cause: error });
  });
});

/** Reads the options and the deployer's key. Throws a `UsageError` that lists every mistake. */
function readTerms(values: unknown): { options: z.infer<typeof Options>; key: Hex } {
  const options = Options.safeParse(values);
  const key = privateKey.safeParse(process.env["DEPLOYER_PRIVATE_KEY"]);
  const mistakes = options.success
    ? [...findWindowErrors(termsOf(options.data))]
    : options.error.issues.map(
        ({ path, code, message }) =>
          `--${path.join(".")}: ${code === "invalid_type" ? "is missing" : message}`,
      );
  if (!key.success) {
    mistakes.push("DEPLOYER_PRIVATE_KEY, in the environment: 0x and 64 hex digits are needed");
  }
  if (options.success && key.success && mistakes.length === 0) {
    return { options: options.data, key: key.data };
  }
  throw new UsageError(`${mistakes.join("\n")}\n\n--help lists the options.`);
}

function termsOf(options: z.infer<typeof Options>) {
  return {
    token: options.token,
    creditMicrosPerToken: options["credit-micros-per-token"],
    maxFeeBps: options["max-fee-bps"],
    disputeWindowSeconds: options["dispute-window-seconds"],
    answerWindowSeconds: options["answer-window-seconds"],
    refundWindowSeconds: options["refund-window-seconds"],
    exitGraceSeconds: options["exit-grace-seconds"],
    counterGraceSeconds: options["counter-grace-seconds"],
    signerDelaySeconds: options["signer-delay-seconds"],
    unprovenLimitMicros: options["unproven-limit-micros"],
    challengeStakeWei: options["challenge-stake-wei"],
    owner: options.owner,
    guardian: options.guardian,
    feeRecipient: options["fee-recipient"],
    signers: options.signers.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    threshold: options.threshold,
  };
}

async function deploy(options: z.infer<typeof Options>, key: Hex): Promise<void> {
  const changed = await changedSources();
  if (changed.length > 0) {
    throw new UsageError(
      `${changed.join(", ")} changed since the contracts were compiled. ` +
        "Run npm run compiled, and review what it writes.",
    );
  }
  const { bytecode } = await readCompiled("ComputeCredits");
  // Untyped, because the terms below are read by their names.
  const abi: Abi = computeCreditsAbi;
  const transport = http(options["rpc-url"]);
  const client = createPublicClient({ transport });
  const chainId = await client.getChainId();
  const account = privateKeyToAccount(key);
  const terms = termsOf(options);
  console.log(`Chain ${chainId}, from ${account.address}, on these terms for ever:`);
  console.log(terms);
  const { threshold, signers } = terms;
  if (signers.length > 1 && 2 * threshold <= signers.length + 1) {
    console.warn(
      `Warning: with ${threshold} of ${signers.length} signatures one rogue signer can complete two ` +
        "quorums, and have the others' honest signatures slash the bond and freeze the vault. " +
        `Take a threshold of ${Math.floor((signers.length + 1) / 2) + 1} or more.`,
    );
  }

  const hash = await createWalletClient({ account, transport }).deployContract({
    abi: computeCreditsAbi,
    bytecode,
    args: [terms],
    chain: null,
  });
  const receipt = await client.waitForTransactionReceipt({ hash });
  const contract = receipt.contractAddress;
  if (receipt.status !== "success" || !contract) throw new Error(`transaction ${hash} failed`);

  const at = { address: contract, abi: computeCreditsAbi } as const;
  for (const [term, expected] of Object.entries(terms)) {
    if (term === "signers") continue;
    const actual = await client.readContract({ address: contract, abi, functionName: term });
    // The chain's answer has checksums, the options need not.
    if (String(actual).toLowerCase() !== String(expected).toLowerCase()) {
      throw new Error(`${term} is ${String(actual)} on chain, not ${String(expected)}`);
    }
  }
  for (const signer of terms.signers) {
    const known = await client.readContract({ ...at, functionName: "isSigner", args: [signer] });
    if (!known) throw new Error(`${signer} is no signer on chain`);
  }
  const court = await client.readContract({ ...at, functionName: "court" });
  const code = await client.getCode({ address: court });
  if (code === undefined) throw new Error(`there is no court at ${court}`);

  const deployer = { client, account, transport };
  // Neither has an owner or changeable state.
  const lens = await deployContract(deployer, "CreditsLens", []);
  const deposits = await deployContract(deployer, "DepositAddresses", [contract]);

  const record = {
    chainId,
    computeCredits: contract,
    court,
    lens,
    depositAddresses: deposits,
    // The chain's own number. On rollups a contract sees the number of another chain.
    block: receipt.blockNumber,
    transaction: hash,
    terms,
    verification: {
      compilerVersion: COMPILER_VERSION,
      constructorArguments: encodeDeployData({
        abi: computeCreditsAbi,
        bytecode: "0x",
        args: [terms],
      }),
      contracts: await writeInputs(
        {
          ComputeCredits: contract,
          Court: court,
          CreditsLens: lens,
          DepositAddresses: deposits,
        },
        chainId,
      ),
    },
  };
  const name = `${chainId}-${contract}.json`;
  await writeFile(new URL(name, DEPLOYMENTS), `${jsonText(record, 2)}\n`, flagsFor(chainId));
  console.log(`ComputeCredits ${contract}\nCourt          ${court}`);
  console.log(`CreditsLens    ${lens}\nDepositAddresses ${deposits}`);
  const seen = await client.readContract({ ...at, functionName: "deploymentBlock" });
  if (seen !== receipt.blockNumber) {
    console.log(
      `Contracts here see another chain's block numbers (${seen}): ` +
        `set DEPLOYMENT_BLOCK=${receipt.blockNumber} for the servers.`,
    );
  }
  console.log(`Every term was read back from the chain. Recorded in deployments/${name}.`);
  console.log("The files deployments/*.input.json verify the sources at explorers and Sourcify.");
}

/**
 * A contract has one record, and an earlier one is never overwritten. Except on the local chain, which
 * begins anew and gives the same addresses again.
 */
function flagsFor(chainId: number): { readonly flag: "w" | "wx" } {
  return { flag: chainId === HARDHAT_CHAIN.id ? "w" : "wx" };
}

async function deployContract(
  {
    client,
    account,
    transport,
  }: { client: PublicClient; account: PrivateKeyAccount; transport: Transport },
  name: CompiledName,
  args: readonly unknown[],
): Promise<Address> {
  const { bytecode, constructorAbi } = await readCompiled(name);
  const hash = await createWalletClient({ account, transport }).deployContract({
    abi: constructorAbi,
    bytecode,
    args,
    chain: null,
  });
  const { status, contractAddress } = await client.waitForTransactionReceipt({ hash });
  if (status !== "success" || !contractAddress) throw new Error(`transaction ${hash} failed`);
  return contractAddress;
}

/**
 * Writes each contract's standard JSON input beside the record, and returns how explorers name the
 * contract and its file.
 */
async function writeInputs(
  addresses: Readonly<Record<VerifiableName, Address>>,
  chainId: number,
): Promise<Record<string, string>> {
  await mkdir(DEPLOYMENTS, { recursive: true });
  const files: Record<string, string> = {};
  for (const name of VERIFIABLE) {
    const file = `${chainId}-${addresses[name]}.input.json`;
    // oxlint-disable-next-line no-await-in-loop -- a few files, the first failure stops
    const text = JSON.stringify(await standardInput(name));
    // oxlint-disable-next-line no-await-in-loop -- as above
    await writeFile(new URL(file, DEPLOYMENTS), text, flagsFor(chainId));
    files[qualifiedName(name)] = file;
  }
  return files;
}
