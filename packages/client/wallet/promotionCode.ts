/** Crockford's: no I, L, O or U, which are misread. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A code to hand out, like `7K2M-9XQ4-W1ZB-8HTN`: 80 random bits, more than anybody guesses through an API. */
export function createPromotionCode(): string {
  const letters = Array.from(
    crypto.getRandomValues(new Uint8Array(16)),
    (byte) => ALPHABET[byte % ALPHABET.length],
  ).join("");
  return (letters.match(/.{4}/g) ?? []).join("-");
}
