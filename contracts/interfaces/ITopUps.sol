// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Automatic top-ups: a keeper buys credits within limits that the payer signed
/// @notice The vault enforces the limits. The metering server cannot change them.
interface ITopUps {
    /// @notice What the payer signs (EIP-712), with a key or as an ERC-1271 wallet.
    /// @param account The account that receives the credits.
    /// @param payer The address whose tokens pay. It has approved the vault.
    /// @param keeper The address that may trigger a top-up.
    /// @param creditMicrosPerTopUp Micro-credits that one top-up buys.
    /// @param maxCreditMicrosPerPeriod The most micro-credits that top-ups buy in one period.
    /// @param periodSeconds The length of a period, counted from `startsAt`. Zero makes the
    ///        policy's whole life one period.
    /// @param startsAt The first second in which the policy is valid.
    /// @param expiresAt The first second in which the policy is not valid any more.
    /// @param salt A number that distinguishes policies that are otherwise equal.
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

    /// @notice The keeper topped an account up. `CreditsPurchased` carries the amounts.
    /// @param period The number of the period; the first is 0.
    /// @param boughtMicros Micro-credits that the policy has bought in this period so far.
    event ToppedUp(bytes32 indexed policyHash, uint64 period, uint64 boughtMicros);

    /// @notice The payer revoked a policy.
    event TopUpRevoked(bytes32 indexed policyHash, address indexed payer);

    /// @notice Only the policy's keeper may trigger it.
    error NotKeeper(address caller, address keeper);

    /// @notice Only the policy's payer may revoke it.
    error NotPayer(address caller, address payer);

    /// @notice The policy is not valid yet, or has expired.
    error TopUpNotInForce(uint256 now_, uint64 startsAt, uint64 expiresAt);

    /// @notice The payer has revoked the policy.
    error TopUpPolicyRevoked(bytes32 policyHash);

    /// @notice The top-up would exceed the period's limit.
    error TopUpLimitReached(uint256 neededMicros, uint64 maxMicros);

    /// @notice The signature is not the payer's signature of this policy.
    error InvalidPolicySignature(address payer);

    /// @notice Keeper: buys the policy's amount for its account, with the payer's tokens.
    /// @return tokenAmount The price in token base units, rounded up.
    function topUp(
        TopUpPolicy calldata policy,
        bytes calldata signature
    ) external returns (uint256 tokenAmount);

    /// @notice Payer: revokes a policy for good, at any time.
    function revokeTopUp(TopUpPolicy calldata policy) external;

    /// @notice The digest that the payer signs (EIP-712).
    function hashTopUpPolicy(TopUpPolicy calldata policy) external view returns (bytes32 digest);

    /// @notice What the policy bought in the last period that it was used in, and whether it is
    ///         revoked.
    function topUpState(
        bytes32 policyHash
    ) external view returns (uint64 period, uint64 boughtMicros, bool revoked);
}
