import { useState } from "react";

/** Copies a text. Says whether it worked: a browser may refuse. */
export function CopyButton({ text }: { readonly text: string }) {
  const [said, setSaid] = useState("");
  return (
    <span>
      <button
        type="button"
        className="plain"
        onClick={() => {
          navigator.clipboard.writeText(text).then(
            () => setSaid("Copied."),
            () => setSaid("Your browser refused: select the text and copy it."),
          );
        }}
      >
        Copy
      </button>{" "}
      <span role="status">{said}</span>
    </span>
  );
}
