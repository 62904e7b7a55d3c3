import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { Webhook } from "standardwebhooks";

import { newWebhookSecret } from "../../server/stores/webhooks/sealedSecrets.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

describe("docs/webhooks.md", () => {
  it("has a receiver that takes an event once, and nothing that is not signed", async () => {
    const page = await readFile(`${ROOT}docs/webhooks.md`, "utf8");
    const [, example = ""] = /```ts\n([^]*?)```/.exec(page) ?? [];
    const secret = newWebhookSecret();
    const program = spawn(process.execPath, ["--input-type=module-typescript", "-"], {
      cwd: ROOT,
      env: { WEBHOOK_SECRET: secret, PORT: "0" },
    });
    const lines = createInterface(program.stdout);
    try {
      const first = once(lines, "line");
      program.stdin.end(example);
      const port = /port: (\d+)/.exec(String((await first)[0]))?.[1];
      const body = JSON.stringify({ type: "balance.low" });
      const now = new Date();
      const post = async (signature: string) => {
        const { status } = await fetch(`http://127.0.0.1:${port}`, {
          method: "POST",
          body,
          headers: {
            "webhook-id": "one",
            "webhook-timestamp": `${Math.floor(now.getTime() / 1_000)}`,
            "webhook-signature": signature,
          },
        });
        return status;
      };
      const shown: string[] = [];
      lines.on("line", (line) => shown.push(line));
      expect(await post(new Webhook(newWebhookSecret()).sign("one", now, body))).to.equal(400);
      const signature = new Webhook(secret).sign("one", now, body);
      expect(await post(signature)).to.equal(204);
      expect(await post(signature)).to.equal(204);
      const closed = once(lines, "close");
      program.kill();
      await closed;
      expect(shown).to.deep.equal(["{ type: 'balance.low' }"]);
    } finally {
      program.kill();
    }
  });
});
