import type { Database } from "@compute-credits/platform/postgres/database";

/**
 * Ends all sessions and view keys, and makes nonces that were handed out void: a restored backup has
 * some that were revoked after it was made, and the log does not say which.
 */
export async function endCallers(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query("delete from sessions");
    await tx.query("update view_keys set revoked_at = least(revoked_at, clock_timestamp())");
    await tx.query(
      `update nonce_secret set secret =
         sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'utf8'))`,
    );
  });
}
