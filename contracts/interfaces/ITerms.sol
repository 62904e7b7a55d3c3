// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The terms that are fixed when the vault is deployed
/// @notice No function changes a term of the vault. The owner, the guardian, the fee recipient and
///         the signers can be replaced later (`IGovernance`).
interface ITerms {
    /// @notice What the deployer chooses.
    /// @param token The ERC-20 that buys credits. It takes no fee on transfers and does not rebase.
    /// @param creditMicrosPerToken Micro-credits per whole token. 100_000_000 sells 100 credits per
    ///        dollar.
    /// @param maxFeeBps The largest part of all spending that the operator may keep, in basis
    ///        points.
    /// @param disputeWindowSeconds How long a checkpoint is pending before it becomes final.
    /// @param answerWindowSeconds How long the operator has to answer a challenge.
    /// @param refundWindowSeconds How long the operator has to serve a refund request.
    /// @param exitGraceSeconds How long exits need a proof after a freeze.
    /// @param counterGraceSeconds How long an allowance of an ended counter covers new checkpoints.
    /// @param signerDelaySeconds How long a change of signers is announced before it takes effect.
    /// @param unprovenLimitMicros The most that may leave as earnings and fees beyond the spending
    ///        that payers' signatures cover (`coverSpending`). Zero requires cover for all of it.
    ///        The largest uint64 switches the limit off and trusts the signers' totals.
    /// @param challengeStakeWei The stake of one challenge. If the challenge is answered, half goes
    ///        to the caller who answered it and half to the fee recipient.
    /// @param owner The address that may use the powers of `IGovernance`, and no others.
    /// @param guardian The address that may veto a pending checkpoint.
    /// @param feeRecipient The address that receives the fees.
    /// @param signers The addresses that sign checkpoints, strictly ascending.
    /// @param threshold How many signers a checkpoint needs.
    struct Terms {
        address token;
        uint64 creditMicrosPerToken;
        uint16 maxFeeBps;
        uint32 disputeWindowSeconds;
        uint32 answerWindowSeconds;
        uint32 refundWindowSeconds;
        uint32 exitGraceSeconds;
        uint32 counterGraceSeconds;
        uint32 signerDelaySeconds;
        uint64 unprovenLimitMicros;
        uint128 challengeStakeWei;
        address owner;
        address guardian;
        address feeRecipient;
        address[] signers;
        uint8 threshold;
    }

    /// @notice `creditMicrosPerToken` is zero, so a credit would have no price.
    error ZeroCreditPrice();

    /// @notice The token has too many decimals: amounts in its base unit could overflow.
    error UnsupportedDecimals(uint8 decimals, uint8 maximum);

    /// @notice `maxFeeBps` is above 100 percent.
    error FeeAboveMaximum(uint256 feeBps, uint256 maximumBps);

    /// @notice `challengeStakeWei` is zero, so challenges would cost nothing.
    error ZeroStake();

    /// @notice A window is shorter than what must happen within it, or longer than a year.
    error WindowOutOfBounds(bytes32 window, uint256 seconds_, uint256 least, uint256 most);

    /// @notice A required address is zero.
    error ZeroAddress();

    /// @notice A required amount is zero.
    error ZeroAmount();

    /// @notice The token moved another amount than requested, by a transfer fee or a rebase.
    error TokenAmountMismatch(uint256 received, uint256 expected);

    /// @notice The ERC-20 that buys credits.
    function token() external view returns (address);

    /// @notice Micro-credits per whole token.
    function creditMicrosPerToken() external view returns (uint64);

    /// @notice The largest part of all spending that the operator may keep, in basis points.
    function maxFeeBps() external view returns (uint16);

    /// @notice How long a checkpoint is pending before it becomes final.
    function disputeWindowSeconds() external view returns (uint32);

    /// @notice How long the operator has to answer a challenge.
    function answerWindowSeconds() external view returns (uint32);

    /// @notice How long the operator has to serve a refund request.
    function refundWindowSeconds() external view returns (uint32);

    /// @notice How long exits need a proof after a freeze.
    function exitGraceSeconds() external view returns (uint32);

    /// @notice How long an allowance of an ended counter covers new checkpoints.
    function counterGraceSeconds() external view returns (uint32);

    /// @notice How long a change of signers or a withdrawal of the bond is announced before it
    ///         takes effect. A registered receipt counts for twice this time.
    function signerDelaySeconds() external view returns (uint32);

    /// @notice The most that may leave as earnings and fees beyond the spending that payers'
    ///         signatures cover. The largest uint64 means no limit.
    function unprovenLimitMicros() external view returns (uint64);

    /// @notice The stake of one challenge, in wei.
    function challengeStakeWei() external view returns (uint128);

    /// @notice `block.number` at the deployment. An indexer starts to read there, except on rollups
    ///         whose contracts see the number of the parent chain's block.
    function deploymentBlock() external view returns (uint64);
}
