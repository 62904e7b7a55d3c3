import helmet from "helmet";

/**
 * What browsers are told by every answer, which is data and never a page: nothing is loaded from it, framed, guessed at, or
 * read by another site, and the server is asked over TLS (OWASP, REST Security Cheat Sheet). Helmet's other headers speak of
 * pages; each is paid for with every answer.
 */
export const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  xFrameOptions: { action: "deny" },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  referrerPolicy: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});
