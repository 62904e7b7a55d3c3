// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeCredits} from "./IComputeCredits.sol";
import {ICreditTypes} from "./ICreditTypes.sol";
import {IRefunds} from "./IRefunds.sol";

/// @title What a page shows of an account or of a vault, in one call
/// @notice The lens has no state and no power. It only reads, and works for every vault. Amounts
///         are micro-credits unless a name says `Tokens`: base units of the vault's token. Times
///         are Unix seconds.
interface ICreditsLens is ICreditTypes {
    /// @notice An account, a provider, or both.
    /// @param balance Credits that are unspent by what is settled on chain.
    /// @param purchased All credits that were bought for the account.
    /// @param spent Credits that settled rows charged, and after it what they refunded and earned.
    /// @param request The open refund request; all zero if there is none.
    /// @param dueMicros What is still due of the request: what was requested, as far as it is
    ///        unspent, less what was refunded since. Spending that is not settled may lower it.
    /// @param owedTokens What the token refused to pay out, for `withdrawOwed`.
    /// @param recipient Where payouts go.
    /// @param counter The counter that new allowances name.
    /// @param counterRaisedAt When the counter before it ended; zero if there was none.
    /// @param counterGraceEndsAt Until when allowances of the counter before it cover spending;
    ///        zero if there was none.
    /// @param coveredSpentMicros The spending that a signature is known to cover (`coverSpending`).
    /// @param frozenAt When the vault was frozen; zero while it is not.
    struct AccountView {
        uint256 balance;
        uint64 purchased;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        IRefunds.RefundRequest request;
        uint64 dueMicros;
        uint256 owedTokens;
        address recipient;
        uint64 counter;
        uint40 counterRaisedAt;
        uint40 counterGraceEndsAt;
        uint64 coveredSpentMicros;
        uint40 frozenAt;
    }

    /// @notice What settling a row would move now. It says nothing about the row's proof.
    /// @param spentMicros Newly charged.
    /// @param refundedMicros Newly refunded.
    /// @param earnedMicros Newly earned.
    /// @param payoutTokens What the party would be paid for the last two.
    struct ClaimView {
        uint64 spentMicros;
        uint64 refundedMicros;
        uint64 earnedMicros;
        uint256 payoutTokens;
    }

    /// @notice The windows of a vault, in seconds, under the names that they have in `ITerms`.
    struct WindowsView {
        uint32 disputeWindowSeconds;
        uint32 answerWindowSeconds;
        uint32 refundWindowSeconds;
        uint32 exitGraceSeconds;
        uint32 counterGraceSeconds;
        uint32 signerDelaySeconds;
    }

    /// @notice A vault.
    /// @param supply All credits that are unspent by what is settled on chain.
    /// @param purchased All credits that were ever bought.
    /// @param spent The sum that settled rows charged, and after it what was refunded (exits
    ///        included) and earned, and the fees that were taken.
    /// @param coveredMicros What slashed bonds added to the unspent pool.
    /// @param unspentPoolMicros What refunds and exits may still take.
    /// @param claimableFeesMicros What `claimFees` would take now.
    /// @param claimableFeesTokens What it would pay.
    /// @param finalCheckpoint The last final checkpoint; all zero before the first.
    /// @param pendingCheckpoint The checkpoint that is open to disputes; all zero if there is none.
    /// @param bondTokens The operator's bond.
    /// @param heldTokens The tokens in the vault.
    struct VaultView {
        uint256 supply;
        uint64 purchased;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint64 fees;
        uint64 coveredMicros;
        uint64 unspentPoolMicros;
        uint64 claimableFeesMicros;
        uint256 claimableFeesTokens;
        CheckpointRecord finalCheckpoint;
        CheckpointRecord pendingCheckpoint;
        uint256 bondTokens;
        uint256 heldTokens;
        address token;
        uint64 creditMicrosPerToken;
        uint16 maxFeeBps;
        uint64 unprovenLimitMicros;
        WindowsView windows;
        uint40 frozenAt;
        bool paused;
    }

    /// @notice All that a wallet's page needs of an account.
    function accountOf(
        IComputeCredits vault,
        address account
    ) external view returns (AccountView memory);

    /// @notice What settling this row of the last final checkpoint would move now.
    function claimOf(
        IComputeCredits vault,
        Row calldata row
    ) external view returns (ClaimView memory);

    /// @notice All that a vault's page needs.
    function vaultOf(IComputeCredits vault) external view returns (VaultView memory);

    /// @notice What `claimFees` would take and pay now.
    function claimableFees(
        IComputeCredits vault
    ) external view returns (uint64 creditMicros, uint256 tokenAmount);
}
