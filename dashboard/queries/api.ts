import { createApi } from "@compute-credits/client/http/api";

/** The server that handed out this page. A session's cookie goes along by itself. */
export const api = createApi(window.location.origin);
