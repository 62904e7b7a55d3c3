import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import type { Address } from "viem";

import { type Profile, publishProfile } from "@compute-credits/client/market/publishProfile";
import type { ProfileOptions } from "@compute-credits/client/wallet/providerProfile";
import { fieldText } from "../../parts/fieldText.ts";
import { Moment } from "../../parts/Moment.tsx";
import { useServer } from "../../parts/ServerContext.tsx";
import { Failure, Loaded } from "../../parts/States.tsx";
import { api } from "../../queries/api.ts";
import { profileQuery } from "../../queries/market.ts";
import { useReviewedSigner } from "../../wallet/useReviewedSigner.tsx";
import styles from "./Provider.module.css";

/** What the market says of this provider: its own words, which its wallet signs. */
export function MarketProfile({ provider }: { readonly provider: Address }) {
  return (
    <Loaded query={useQuery(profileQuery(provider))}>
      {(profile) => (
        <>
          <p data-listed={profile?.listed === true ? "yes" : "no"}>
            {profile === null ? (
              "You are not in the market yet. Say who you are, and customers find you by price."
            ) : (
              <>
                {profile.listed ? "You are in the" : "You are not shown in the"}{" "}
                <Link to="/market">market</Link> since <Moment at={profile.publishedAt} />.
              </>
            )}
          </p>
          <Form key={`${profile?.issuedAt}`} provider={provider} profile={profile} />
        </>
      )}
    </Loaded>
  );
}

function Form({
  provider,
  profile,
}: {
  readonly provider: Address;
  readonly profile: Profile | null;
}) {
  const queries = useQueryClient();
  const { deployment } = useServer();
  const { signer, dialog } = useReviewedSigner();
  const publishing = useMutation({
    mutationFn: async (said: ProfileOptions) => {
      const wallet = await signer([
        `The market shows you as "${said.name}"${said.listed === false ? ", once you list it" : ""}.`,
        "It is public. It promises nothing and spends nothing; a later one replaces it.",
      ]);
      return await publishProfile(api, { wallet, deployment }, said);
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: profileQuery(provider).queryKey });
      await queries.invalidateQueries({ queryKey: ["market"] });
    },
  });

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    const list = (name: string) => [...new Set(listIn(fieldText(form, name)))];
    const terms = fieldText(form, "terms");
    publishing.mutate({
      name: fieldText(form, "name"),
      endpoints: list("endpoints"),
      regions: list("regions"),
      hardware: list("hardware"),
      terms: terms === "" ? null : terms,
      listed: fieldText(form, "listed") !== "",
    });
  }

  return (
    <>
      {dialog}
      <form onSubmit={onSubmit}>
        <div className={styles["form"]}>
          <label>
            Name
            <input name="name" maxLength={80} defaultValue={profile?.name} required />
          </label>
          <label>
            Where it is served (https, with commas between)
            <input
              name="endpoints"
              defaultValue={profile?.endpoints.join(", ")}
              placeholder="https://gpu.example/v1"
            />
          </label>
          <label>
            Regions
            <input
              name="regions"
              defaultValue={profile?.regions.join(", ")}
              placeholder="eu-west-1"
            />
          </label>
          <label>
            Hardware
            <input
              name="hardware"
              defaultValue={profile?.hardware.join(", ")}
              placeholder="8 x H100 SXM"
            />
          </label>
          <label>
            Terms (https)
            <input name="terms" defaultValue={profile?.terms ?? ""} />
          </label>
        </div>
        <p>
          <label>
            <input
              className={styles["check"]}
              type="checkbox"
              name="listed"
              defaultChecked={profile?.listed ?? true}
            />{" "}
            Show me in the market
          </label>
        </p>
        <button type="submit" disabled={publishing.isPending}>
          {publishing.isPending ? "Waiting for your wallet …" : "Publish"}
        </button>
      </form>
      {publishing.error !== null && <Failure error={publishing.error} />}
    </>
  );
}

function listIn(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
