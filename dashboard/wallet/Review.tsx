import { useEffect, useRef } from "react";
import { type TypedDataDefinition, domainSeparator, hashStruct, hashTypedData } from "viem";

import styles from "./Review.module.css";

/** What a wallet is about to sign: in words, and as the hashes that a hardware wallet shows. */
export function Review({
  typedData,
  words,
  agree,
  decline,
}: {
  readonly typedData: TypedDataDefinition;
  readonly words: readonly string[];
  readonly agree: () => void;
  readonly decline: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { domain = {}, types, primaryType, message } = typedData;
  return (
    <dialog ref={dialog} aria-label="What you are about to sign" onCancel={decline}>
      <h2>What you are about to sign</h2>
      <ul>
        {words.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p>
        It counts only for the contract <code>{domain.verifyingContract}</code> on chain{" "}
        {`${domain.chainId}`}. Compare the hashes if your wallet shows them.
      </p>
      <dl className={styles["hashes"]}>
        <dt>EIP-712 hash of the {primaryType}</dt>
        <dd>
          <code data-digest>{hashTypedData(typedData)}</code>
        </dd>
        <dt>Hash of the domain</dt>
        <dd>
          <code>{domainSeparator({ domain })}</code>
        </dd>
        <dt>Hash of the message</dt>
        <dd>
          <code>{hashStruct({ data: { ...message }, primaryType, types })}</code>
        </dd>
      </dl>
      <div className={styles["buttons"]}>
        <button type="button" onClick={agree}>
          Ask my wallet
        </button>
        <button type="button" className="plain" onClick={decline}>
          Do not sign
        </button>
      </div>
    </dialog>
  );
}
