import { useNavigate } from "@tanstack/react-router";
import { type SyntheticEvent, useId, useState } from "react";

import { parseAddress } from "@compute-credits/protocol/address";
import { fieldText } from "../parts/fieldText.ts";
import styles from "./Home.module.css";

const PROBLEM =
  "That is neither an address (0x and 40 hex digits, in lower case or with a right checksum) nor the number of a checkpoint.";

/** The address box: a party, or a checkpoint by its epoch. */
export function LookUp() {
  const navigate = useNavigate();
  const [problem, setProblem] = useState("");
  const [field, hint] = [useId(), useId()];

  function onSubmit(event: SyntheticEvent<HTMLFormElement>): void {
    event.preventDefault();
    const text = fieldText(event.currentTarget, "what");
    if (/^[1-9]\d{0,17}$/.test(text)) {
      void navigate({ to: "/checkpoints/$epoch", params: { epoch: text } });
    } else if (parseAddress(text) !== null) {
      void navigate({ to: "/parties/$party", params: { party: text.toLowerCase() } });
    } else {
      setProblem(PROBLEM);
    }
  }

  return (
    <form onSubmit={onSubmit}>
      <div className={styles["form"]}>
        <div className={styles["field"]}>
          <label htmlFor={field}>Address of a party, or number of a checkpoint</label>
          <input
            id={field}
            name="what"
            autoComplete="off"
            spellCheck={false}
            aria-describedby={hint}
            aria-invalid={problem !== ""}
            placeholder="0x…"
            onChange={() => setProblem("")}
          />
        </div>
        <button type="submit">Look up</button>
      </div>
      <p id={hint} className={styles["problem"]} role="alert">
        {problem}
      </p>
    </form>
  );
}
