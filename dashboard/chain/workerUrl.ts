/**
 * The one policy that Trusted Types allow this page: a worker's URL has to be one of this page's own
 * files.
 */
const policy = window.trustedTypes?.createPolicy("compute-credits", {
  createScriptURL(url) {
    const { origin, pathname } = new URL(url, window.location.href);
    if (origin !== window.location.origin || !pathname.startsWith("/assets/")) {
      throw new TypeError(`${url} is no file of this page`);
    }
    return url;
  },
});

/** Lets a worker be started from one of this page's own files, also where Trusted Types are enforced. */
export function workerUrl(url: string): URL | string {
  return policy?.createScriptURL(url) ?? url;
}
