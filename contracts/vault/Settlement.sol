// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {CheckpointSlot} from "../libraries/CheckpointSlot.sol";
import {Movement} from "../libraries/Movement.sol";
import {PartyRecord} from "../libraries/PartyRecord.sol";
import {SettledTotals} from "../libraries/SettledTotals.sol";
import {Checkpoints} from "./Checkpoints.sol";
import {Payouts} from "./Payouts.sol";
import {Refunds} from "./Refunds.sol";

/// @title Settling rows, and claiming fees
/// @dev Invariants: a party's numbers only grow (I3) and keep I1. Earnings and refunds leave only
///      through their pools, which no row can overdraw. So the vault stays solvent (I5), whatever
///      the signers sign.
abstract contract Settlement is ISettlement, Checkpoints, Payouts, Refunds {
    using Accounting for PartyRecord;

    /// @inheritdoc ISettlement
    address public override feeRecipient;

    constructor(address feeRecipient_) {
        require(feeRecipient_ != address(0), ZeroAddress());
        feeRecipient = feeRecipient_;
    }

    /// @inheritdoc ISettlement
    function settle(
        Row calldata row,
        uint256 epoch,
        bytes32[] calldata proof
    ) external override nonReentrant returns (uint256 tokenAmount) {
        Row memory claimed = row;
        tokenAmount = _settle(_finalWith(claimed, epoch, proof), claimed);
        _pay(claimed.party, tokenAmount);
    }

    /// @inheritdoc ISettlement
    function settleMany(
        Row[] calldata rows,
        uint256 epoch,
        bytes32[][] calldata proofs
    ) external override {
        require(rows.length == proofs.length, LengthMismatch(rows.length, proofs.length));
        for (uint256 i = 0; i < rows.length; ++i) {
            try this.settle(rows[i], epoch, proofs[i]) {} catch {
                emit RowSkipped(rows[i].party);
            }
        }
    }

    /// @inheritdoc ISettlement
    function claimFees() external override nonReentrant returns (uint256 tokenAmount) {
        CheckpointSlot last = _final();
        SettledTotals settled = _settled;
        uint256 fees = settled.feesTaken();
        // Earnings come before fees, also the unclaimed ones.
        uint256 claimable = Accounting.less(_booked(last, settled), last.earned() + fees);
        _settled = settled.plusFees(claimable);
        tokenAmount = _toTokensDown(fees + claimable) - _toTokensDown(fees);
        emit FeesClaimed(feeRecipient, uint64(claimable), tokenAmount);
        _pay(feeRecipient, tokenAmount);
    }

    /// @inheritdoc ISettlement
    function settledTotals()
        external
        view
        override
        returns (uint64 spent, uint64 refunded, uint64 earned, uint64 fees)
    {
        SettledTotals settled = _settled;
        return (
            uint64(settled.spent()),
            uint64(settled.refunded()),
            uint64(settled.earned()),
            uint64(settled.feesTaken())
        );
    }

    /// @dev Applies a row of a final checkpoint to its party. The caller has checked the proof and
    ///      pays the returned amount.
    function _settle(CheckpointSlot last, Row memory row) internal returns (uint256 tokenAmount) {
        PartyRecord record = _parties[row.party];
        SettledTotals settled = _settled;
        PartyRecord next = record.applied(
            _chargeable(row, record.spent()),
            row.refunded,
            row.earned,
            Accounting.less(last.refunded(), settled.refunded()),
            _earningPool(last, settled)
        );
        if (next.equals(record)) return 0;
        Movement moved = next.since(record);
        _parties[row.party] = next;
        _settled = settled.plus(moved);
        uint256 burned = moved.spent() + moved.refunded();
        if (burned > 0) {
            _closeServed(row.party, next);
            emit IERC20.Transfer(row.party, address(0), burned);
        }
        tokenAmount = _payoutBetween(record, next);
        emit RowSettled(
            row.party,
            uint64(last.epoch()),
            uint64(next.spent()),
            uint64(next.refunded()),
            uint64(next.earned()),
            tokenAmount
        );
    }

    /// @dev The payout for what moved between two records of a party. It is a difference of rounded
    ///      totals, so that payouts in parts neither lose nor gain a fraction.
    function _payoutBetween(
        PartyRecord record,
        PartyRecord next
    ) internal view returns (uint256 tokenAmount) {
        // The sums of two 64-bit numbers fit. Both numbers only grow (I3), and so do their floors.
        unchecked {
            return
                _toTokensDown(next.earned() + next.refunded()) -
                _toTokensDown(record.earned() + record.refunded());
        }
    }

    /// @dev The earnings that may still leave by the final checkpoint's totals.
    function _earningPool(
        CheckpointSlot last,
        SettledTotals settled
    ) private view returns (uint256) {
        uint256 payable_ = Accounting.less(_booked(last, settled), settled.feesTaken());
        return Accounting.less(Accounting.min(last.earned(), payable_), settled.earned());
    }

    /// @dev The part of the final `spent` that earnings and fees may draw on. With a limit for
    ///      unproven spending it is also bounded by what exits have left. Without a limit exits
    ///      leave all of it.
    function _booked(CheckpointSlot last, SettledTotals settled) internal view returns (uint256) {
        uint256 spent = last.spent();
        if (unprovenLimitMicros == type(uint64).max) return spent;
        return Accounting.booked(spent, settled.spent(), unprovenLimitMicros, _unrefunded(settled));
    }

    /// @dev All purchases and the cover, less paid refunds and exits. Earnings, fees, refunds and
    ///      exits share it.
    function _unrefunded(SettledTotals settled) internal view returns (uint256) {
        return uint256(_purchased) + _covered - settled.refunded();
    }

    /// @dev The spending that a row may charge. With a limit for unproven spending it is at most
    ///      what the account's signature covers, whatever the signers sign.
    function _chargeable(Row memory row, uint256 spent) private view returns (uint256) {
        if (unprovenLimitMicros == type(uint64).max || row.spent <= spent) return row.spent;
        return Accounting.min(row.spent, _coveredSpentOf(row.party));
    }

    /// @dev The account's spending that its signature is known to cover.
    function _coveredSpentOf(address account) internal view virtual returns (uint64);

    /// @dev Reverts if the vault is frozen.
    function _requireNotFrozen() internal view virtual override(Checkpoints, Refunds);
}
