// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Auto top-up: a keeper buys for an account, within bounds that the payer signed
/// @notice The policy bounds the keeper on chain; the server can't.
interface ITopUps {
    /// @notice Signed by the payer (EIP-712; a key or an ERC-1271 wallet).
    /// @param account Who gets the credits.
    /// @param payer Whose tokens pay; it has approved this contract.
    /// @param keeper Who may trigger it.
    /// @param creditMicrosPerTopUp What one top-up buys.
    /// @param maxCreditMicrosPerPeriod The most that it buys in a period.
    /// @param periodSeconds Length of a period, counted from `startsAt`; zero makes the policy's life one period.
    /// @param startsAt First second that it is good for.
    /// @param expiresAt First second that it is not good for any more.
    /// @param salt Tells equal policies apart.
    struct TopUpPolicy {
        address account;
        address payer;
        address keeper;
        uint64 creditMicrosPerTopUp;
        uint64 maxCreditMicrosPerPeriod;
        uint64 periodSeconds;
        uint64 startsAt;
        uint64 expiresAt;
        uint256 salt;
    }

    /// @notice The keeper bought within a policy. `CreditsPurchased` tells what.
    event ToppedUp(bytes32 indexed policyHash, uint64 period, uint64 boughtMicros);

    /// @notice The payer ended a policy.
    event TopUpRevoked(bytes32 indexed policyHash, address indexed payer);

    /// @notice Only the policy's keeper may trigger it.
    error NotKeeper(address caller, address keeper);

    /// @notice Only the policy's payer may revoke it.
    error NotPayer(address caller, address payer);

    /// @notice The policy is not in force.
    error TopUpNotInForce(uint256 now_, uint64 startsAt, uint64 expiresAt);

    /// @notice The payer has revoked the policy.
    error TopUpPolicyRevoked(bytes32 policyHash);

    /// @notice The period's limit is used up.
    error TopUpLimitReached(uint256 neededMicros, uint64 maxMicros);

    /// @notice Not the payer's signature for this policy.
    error InvalidPolicySignature(address payer);

    /// @notice Buys what one top-up of the policy buys. Only its keeper may.
    function topUp(
        TopUpPolicy calldata policy,
        bytes calldata signature
    ) external returns (uint256 tokenAmount);

    /// @notice Ends a policy. Only its payer may, at any time.
    function revokeTopUp(TopUpPolicy calldata policy) external;

    /// @notice What the payer signs (EIP-712).
    function hashTopUpPolicy(TopUpPolicy calldata policy) external view returns (bytes32 digest);

    /// @notice What the policy has bought in a period, and whether it was revoked.
    function topUpState(
        bytes32 policyHash
    ) external view returns (uint64 period, uint64 boughtMicros, bool revoked);
}
