import { z } from "zod";

import { accept } from "@compute-credits/client";
import { spenderOf } from "../agent.ts";
import { Address, AddressInput, Bytes32, Bytes32Input, Micros, Time } from "../fields.ts";
import { readKeyFile } from "../keyFile.ts";
import { tool } from "../tool.ts";

export const acceptAccount = tool({
  name: "accept_account",
  title: "Accept an account's allowance",
  description:
    "Lets an account that signed an allowance pay for the agent's key, or for a key that create_key " +
    "made. Until then the allowance pays nothing. It changes no balance.",
  isReadOnly: false,
  input: z.strictObject({
    account: AddressInput,
    spender: Bytes32Input.optional().describe("Of a key from create_key; else the agent's own."),
  }),
  output: z.object({
    account: Address,
    spender: Bytes32,
    accepted: z.boolean(),
    availableMicros: Micros.describe("What the account has available."),
    changedAt: Time,
  }),
  async run({ account, spender }, agent) {
    const api =
      spender === undefined
        ? spenderOf(agent).api
        : agent.anyone.as({ key: await readKeyFile(agent.keyFolder, spender) });
    return await accept(api, { account });
  },
});
