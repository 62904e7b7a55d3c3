/** Reasons that the MCP server gives itself, besides the API's. Each is used in one place or more. */
export const MCP_REASONS = {
  account_needed: "No account pays for the agent, and none was named.",
  campaign_needed: "The issuing key serves several campaigns, and none was named.",
  invalid_input: "The tool's input is wrong: `errors` names the fields.",
  key_file_failed: "The new key's file cannot be written; no key was made.",
  key_file_not_found: "The MCP server made no key with this spender id.",
  key_limit_too_high: "The user lets new keys have at most `MAX_KEY_MICROS`.",
  mcp_server_failed: "A bug: the error stream of the MCP server says more.",
  not_found: "MCP over HTTP is served at `/mcp` only.",
  wrong_deployment: "The server's chain or contract is not what the user named.",
} as const;
