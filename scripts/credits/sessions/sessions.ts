import { LABEL_CHARACTERS } from "@compute-credits/api/bounds";
import { openSession } from "@compute-credits/client/sessions/openSession";
import { readSessions } from "@compute-credits/client/sessions/readSessions";
import { revokeSession } from "@compute-credits/client/sessions/revokeSession";
import { revokeSessions } from "@compute-credits/client/sessions/revokeSessions";
import { reserveSecretFile } from "../context/secretFile.ts";
import { FILE, ID, TEXT, TIME, optional, required, withDefault } from "../frame/options.ts";
import { verb } from "../frame/verb.ts";
import { show } from "../output/shown.ts";

export const signInVerb = verb({
  name: "sign-in",
  reader: "user",
  summary: "Signs in, and keeps the session in a file",
  details:
    "The file has the session's token: give it to other verbs as --bearer-file. A session reads, " +
    "and manages keys and sessions; it spends nothing.",
  examples: ["sign-in --out session.key --key-file ~/wallet.key"],
  asks: null,
  options: {
    out: required(FILE, "a new file for the session's token"),
    label: withDefault(
      TEXT,
      `a name for lists, up to ${LABEL_CHARACTERS.session} characters`,
      "npm run credits",
    ),
    expires: optional(TIME, "ends the session earlier than the server would"),
  },
  async run(context, { out, label, expires }) {
    const { wallet } = await context.signing();
    const options = { label, ...(expires && { expiresAt: expires }) };
    const kept = await reserveSecretFile("--out", out);
    try {
      const { token, ...session } = await openSession(context.publicApi, wallet, options);
      if (token === undefined) throw new Error("a session came without its token");
      await kept.keep(context.guard(token));
      return show({ ...session, file: out });
    } finally {
      await kept.close();
    }
  },
});

export const listSessionsVerb = verb({
  name: "sessions list",
  reader: "user",
  summary: "Lists the wallet's sessions",
  examples: ["sessions list --bearer-file session.key", "sessions list --wallet alice"],
  asks: null,
  options: {},
  run: async (context) => show({ sessions: await context.withSession((api) => readSessions(api)) }),
});

export const revokeSessionVerb = verb({
  name: "sessions revoke",
  reader: "user",
  summary: "Ends one session, at once on every server",
  examples: [
    "sessions revoke --id 0x… --wallet alice",
    "sessions revoke --bearer-file session.key --yes",
  ],
  asks: "lasts",
  options: { id: optional(ID, "as the list has it; the session in --bearer-file if absent") },
  async run(context, { id }) {
    await context.confirmRequest(`Ends the session ${id ?? "in --bearer-file"}.`);
    return show(await context.withSession((api) => revokeSession(api, { id: id ?? "current" })));
  },
});

export const revokeSessionsVerb = verb({
  name: "sessions revoke-all",
  reader: "user",
  summary: "Ends all sessions of the wallet",
  examples: ["sessions revoke-all --wallet alice"],
  asks: "lasts",
  options: {},
  async run(context) {
    await context.confirmRequest("Ends all sessions of the wallet.");
    return show(await context.withSession((api) => revokeSessions(api)));
  },
});
