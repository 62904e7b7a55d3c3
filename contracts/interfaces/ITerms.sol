// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The terms that are fixed for ever when the contract is deployed
interface ITerms {
    /// @param token What credits are bought with. Must take no fee on transfer and must not rebase.
    /// @param creditMicrosPerToken Micro-credits per whole token: 100_000_000 is 100 credits per dollar.
    /// @param maxFeeBps The most that the operator may keep of what is spent, in hundredths of a percent.
    /// @param disputeWindowSeconds How long a checkpoint is open to objections before it is final.
    /// @param answerWindowSeconds How long there is to answer a challenge.
    /// @param refundWindowSeconds How long the operator has to serve a refund request.
    /// @param exitGraceSeconds How long after a freeze exits need a proof.
    /// @param counterGraceSeconds How long an allowance of an ended counter still justifies new checkpoints.
    /// @param signerDelaySeconds How long a change of signers is announced before it takes effect.
    /// @param unprovenLimitMicros The most that may leave as earnings and fees beyond what payers are known to have
    ///        signed for (`coverSpending`). The largest uint64 leaves it to the signers; zero needs all of it.
    /// @param challengeStakeWei What a challenger puts up; half goes to whoever answers, half to the fee recipient.
    /// @param owner May do what docs/governance.md lists, and no more.
    /// @param guardian May veto a pending checkpoint.
    /// @param feeRecipient Receives the fees.
    /// @param signers Who signs checkpoints.
    /// @param threshold How many of them are needed.
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

    /// @notice A credit must have a price.
    error ZeroCreditPrice();

    /// @notice The token's whole unit is too large to be computed with.
    error UnsupportedDecimals(uint8 decimals, uint8 maximum);

    /// @notice A fee above everything that is spent makes no sense.
    error FeeAboveMaximum(uint256 feeBps, uint256 maximumBps);

    /// @notice A challenge without a stake would be free.
    error ZeroStake();

    /// @notice A window is too short for the ones that have to fit into it, or longer than anyone should wait.
    error WindowOutOfBounds(bytes32 window, uint256 seconds_, uint256 least, uint256 most);

    /// @notice An address that matters is missing.
    error ZeroAddress();

    /// @notice An amount that has to be positive is zero.
    error ZeroAmount();

    /// @notice The token moved another amount than it was asked to (a fee on transfer, a rebase).
    error TokenAmountMismatch(uint256 received, uint256 expected);

    /// @notice What credits are bought with.
    function token() external view returns (address);

    /// @notice Micro-credits per whole token.
    function creditMicrosPerToken() external view returns (uint64);

    /// @notice The most that the operator may keep of what is spent, in hundredths of a percent.
    function maxFeeBps() external view returns (uint16);

    /// @notice How long a checkpoint is open to objections before it is final.
    function disputeWindowSeconds() external view returns (uint32);

    /// @notice How long there is to answer a challenge.
    function answerWindowSeconds() external view returns (uint32);

    /// @notice How long the operator has to serve a refund request.
    function refundWindowSeconds() external view returns (uint32);

    /// @notice How long after a freeze exits need a proof.
    function exitGraceSeconds() external view returns (uint32);

    /// @notice How long an allowance of an ended counter still justifies new checkpoints.
    function counterGraceSeconds() external view returns (uint32);

    /// @notice How long a change of signers, or a withdrawal of the bond, is announced before it takes effect; and how
    ///         long after it the former signers still answer for what they signed.
    function signerDelaySeconds() external view returns (uint32);

    /// @notice The most that may leave as earnings and fees beyond what payers are known to have signed for.
    function unprovenLimitMicros() external view returns (uint64);

    /// @notice What a challenger puts up, in wei.
    function challengeStakeWei() external view returns (uint128);

    /// @notice The block that the contract was deployed in: where an indexer begins to read.
    function deploymentBlock() external view returns (uint64);
}
