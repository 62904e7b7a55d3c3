// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IComputeCredits} from "../interfaces/IComputeCredits.sol";
import {ICourt} from "../interfaces/ICourt.sol";
import {ICreditsLens} from "../interfaces/ICreditsLens.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {PartyRecord} from "../libraries/PartyRecord.sol";

/// @title What a page shows of an account or of a vault, in one call
/// @dev Computes claims with the library that the vault settles with, so that both agree.
contract CreditsLens is ICreditsLens {
    using Accounting for PartyRecord;

    /// @dev What earnings, fees and refunds may still draw on (`Settlement`).
    struct Pools {
        uint256 fees;
        uint256 claimableFees;
        uint256 refunds;
        uint256 earnings;
    }

    /// @inheritdoc ICreditsLens
    function accountOf(
        IComputeCredits vault,
        address account
    ) external view override returns (AccountView memory shown) {
        shown.balance = vault.balanceOf(account);
        (shown.purchased, shown.spent, shown.refunded, shown.earned) = vault.party(account);
        shown.request = vault.refundRequestOf(account);
        uint256 unspent = Accounting.less(shown.request.unspentMicros, shown.spent);
        uint256 due = Accounting.min(shown.request.requestedMicros, unspent);
        uint256 served = shown.refunded - shown.request.refundedMicros;
        shown.dueMicros = uint64(Accounting.less(due, served));
        shown.owedTokens = vault.owedTo(account);
        shown.recipient = vault.recipientOf(account);
        shown.counter = vault.counterOf(account);
        if (shown.counter > 0) {
            shown.counterRaisedAt = vault.counterEndedAt(account, shown.counter - 1);
            shown.counterGraceEndsAt = shown.counterRaisedAt + vault.counterGraceSeconds();
        }
        shown.coveredSpentMicros = ICourt(vault.court()).coveredSpentOf(account);
        shown.frozenAt = vault.frozenAt();
    }

    /// @inheritdoc ICreditsLens
    function claimOf(
        IComputeCredits vault,
        Row calldata row
    ) external view override returns (ClaimView memory shown) {
        PartyRecord record = _recordOf(vault, row.party);
        Pools memory pools = _poolsOf(vault);
        uint256 spent = row.spent;
        if (vault.unprovenLimitMicros() != type(uint64).max) {
            spent = Accounting.min(spent, ICourt(vault.court()).coveredSpentOf(row.party));
        }
        PartyRecord next = record.applied(
            spent,
            row.refunded,
            row.earned,
            pools.refunds,
            pools.earnings
        );
        shown.spentMicros = uint64(next.spent() - record.spent());
        shown.refundedMicros = uint64(next.refunded() - record.refunded());
        shown.earnedMicros = uint64(next.earned() - record.earned());
        shown.payoutTokens =
            _toTokensDown(vault, next.earned() + next.refunded()) -
            _toTokensDown(vault, record.earned() + record.refunded());
    }

    /// @inheritdoc ICreditsLens
    function vaultOf(
        IComputeCredits vault
    ) external view override returns (VaultView memory shown) {
        shown.supply = vault.totalSupply();
        (shown.spent, shown.refunded, shown.earned, shown.fees) = vault.settledTotals();
        shown.purchased = uint64(shown.supply + shown.spent + shown.refunded);
        shown.coveredMicros = vault.coveredMicros();
        shown.unspentPoolMicros = vault.unspentPool();
        (shown.claimableFeesMicros, shown.claimableFeesTokens) = claimableFees(vault);
        shown.finalCheckpoint = vault.finalCheckpoint();
        shown.pendingCheckpoint = vault.pendingCheckpoint();
        shown.bondTokens = ICourt(vault.court()).bond();
        shown.token = vault.token();
        shown.heldTokens = IERC20(shown.token).balanceOf(address(vault));
        shown.creditMicrosPerToken = vault.creditMicrosPerToken();
        shown.maxFeeBps = vault.maxFeeBps();
        shown.unprovenLimitMicros = vault.unprovenLimitMicros();
        shown.windows = _windowsOf(vault);
        shown.frozenAt = vault.frozenAt();
        shown.paused = vault.paused();
    }

    /// @inheritdoc ICreditsLens
    function claimableFees(
        IComputeCredits vault
    ) public view override returns (uint64 creditMicros, uint256 tokenAmount) {
        Pools memory pools = _poolsOf(vault);
        creditMicros = uint64(pools.claimableFees);
        tokenAmount =
            _toTokensDown(vault, pools.fees + creditMicros) - _toTokensDown(vault, pools.fees);
    }

    /// @dev A party's settled numbers in the form that the library takes.
    function _recordOf(IComputeCredits vault, address party) private view returns (PartyRecord) {
        (uint64 purchased, uint64 spent, uint64 refunded, uint64 earned) = vault.party(party);
        return PartyRecord.wrap(purchased).withRow(spent, refunded, earned);
    }

    /// @dev The same sums as `Settlement` has. `unprovenLimitMicros` bounds what may be drawn on;
    ///      without a limit it is the largest number, which bounds nothing.
    function _poolsOf(IComputeCredits vault) private view returns (Pools memory pools) {
        CheckpointRecord memory last = vault.finalCheckpoint();
        (uint256 spent, uint256 refunded, uint256 earned, uint256 fees) = vault.settledTotals();
        // All purchases and the cover, less paid refunds and exits.
        uint256 remaining = vault.totalSupply() + spent + vault.coveredMicros();
        uint256 limit = vault.unprovenLimitMicros();
        uint256 booked = Accounting.booked(last.spent, spent, limit, remaining);
        pools.fees = fees;
        pools.claimableFees = Accounting.less(booked, last.earned + fees);
        pools.refunds = Accounting.less(last.refunded, refunded);
        uint256 payable_ = Accounting.min(last.earned, Accounting.less(booked, fees));
        pools.earnings = Accounting.less(payable_, earned);
    }

    function _windowsOf(IComputeCredits vault) private view returns (WindowsView memory) {
        return
            WindowsView({
                disputeWindowSeconds: vault.disputeWindowSeconds(),
                answerWindowSeconds: vault.answerWindowSeconds(),
                refundWindowSeconds: vault.refundWindowSeconds(),
                exitGraceSeconds: vault.exitGraceSeconds(),
                counterGraceSeconds: vault.counterGraceSeconds(),
                signerDelaySeconds: vault.signerDelaySeconds()
            });
    }

    /// @dev Rounds down, as the vault does with cumulative totals.
    function _toTokensDown(
        IComputeCredits vault,
        uint256 creditMicros
    ) private view returns (uint256) {
        uint256 unit = 10 ** IERC20Metadata(vault.token()).decimals();
        return (creditMicros * unit) / vault.creditMicrosPerToken();
    }
}
