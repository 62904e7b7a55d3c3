import { revoke } from "@compute-credits/client/allowances/revoke";
import { revokeGrant } from "@compute-credits/client/allowances/revokeGrant";
import { revokeAll } from "@compute-credits/client/chain/revokeAll";
import { ID, required } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { humanLines } from "../output/humanLines.ts";
import { show } from "../output/shown.ts";
import { shownAllowance } from "./shownAllowance.ts";

export const revokeVerb = verb({
  name: "revoke",
  reader: "user",
  summary: "Ends one allowance or grant for good",
  details:
    "The owner's wallet signs it. The issuer of a grant gives its issuing key in --bearer-file.",
  examples: ["revoke --allowance 0x… --key-file ~/wallet.key"],
  asks: "lasts",
  options: { allowance: required(ID, "its id") },
  async run(context, { allowance }) {
    await context.confirmRequest(`Ends the grant ${allowance} for good.`);
    const revoked =
      context.keys.bearer === null
        ? await revoke(context.api, await context.signing(), { allowance })
        : await revokeGrant(context.api, { grant: allowance });
    return show(revoked, humanLines(shownAllowance(revoked)));
  },
});

export const revokeAllVerb = verb({
  name: "revoke-all",
  reader: "user",
  summary: "Ends all allowances on chain, without the server",
  details:
    "Raises the wallet's counter on chain: every allowance and issuing key that it signed before " +
    "is void, whatever the server does.",
  examples: ["revoke-all --key-file ~/wallet.key"],
  asks: "lasts",
  options: {},
  async run(context) {
    const sent = revokeAll(await context.wallet());
    const receipt = await context.progress("waiting for the block with the revocation", sent);
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ transactionHash, blockNumber, gasUsed }, [
      `every allowance that was signed before is void (gas ${gasUsed})`,
    ]);
  },
});
