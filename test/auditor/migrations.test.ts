import { AUDITOR_MIGRATIONS } from "../../auditor/store/claimAuditor.ts";
import { guardLandedMigrations } from "../fixtures/landedMigrations.ts";

guardLandedMigrations(AUDITOR_MIGRATIONS);
