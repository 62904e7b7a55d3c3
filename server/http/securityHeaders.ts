import helmet from "helmet";

/**
 * Tells browsers that an answer is data and never a page: load nothing from it, do not frame it,
 * do not guess its type, let no other site read it, and ask over TLS (OWASP, REST Security).
 * Helmet's other headers concern pages, and each would cost bytes in every answer.
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
