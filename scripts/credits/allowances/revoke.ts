import { revokeAllowance } from "@compute-credits/api/allowances/allowances";
import { senderOf, waitForSuccess } from "@compute-credits/client/chain/transact";
import { signRevocation } from "@compute-credits/client/wallet/signedAllowance";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
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
  async run(context, { allowance: id }) {
    if (context.keys.bearer !== null) {
      await context.confirm();
      const revoked = await context.api.call(revokeAllowance, { params: { id }, body: {} });
      return show(revoked, humanLines(shownAllowance(revoked)));
    }
    const { wallet, deployment } = await context.signing();
    const body = { signature: await signRevocation(wallet, deployment, id) };
    const revoked = await context.publicApi.call(revokeAllowance, { params: { id }, body });
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
    const { wallet, client, contract } = await context.wallet();
    const call = { address: contract, abi: computeCreditsAbi, functionName: "revokeAll" } as const;
    const sent = wallet.writeContract({ ...senderOf(wallet), ...call });
    const receipt = await context.progress(
      "waiting for the block with the revocation",
      waitForSuccess(client, sent),
    );
    const { transactionHash, blockNumber, gasUsed } = receipt;
    return show({ transactionHash, blockNumber, gasUsed }, [
      `every allowance that was signed before is void (gas ${gasUsed})`,
    ]);
  },
});
