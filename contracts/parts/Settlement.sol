// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {Checkpoints} from "./Checkpoints.sol";
import {Payouts} from "./Payouts.sol";
import {Refunds} from "./Refunds.sol";

/// @title Settling rows, and the fees
/// @dev Invariants: a party's numbers only grow (I3) and keep I1; earnings and refunds leave only through their
///      pools, which no row can overdraw, so that the vault stays solvent (I5) whatever was signed.
abstract contract Settlement is ISettlement, Checkpoints, Payouts, Refunds {
    using Accounting for Accounting.Party;
    using Accounting for Accounting.Settled;

    /// @inheritdoc ISettlement
    address public override feeRecipient;

    constructor(address feeRecipient_) {
        require(feeRecipient_ != address(0), ZeroAddress());
        feeRecipient = feeRecipient_;
    }

    /// @inheritdoc ISettlement
    function settle(
        Row calldata row,
        bytes32[] calldata proof
    ) external override nonReentrant returns (uint256 tokenAmount) {
        Row memory claimed = row;
        tokenAmount = _settle(_finalWith(claimed, proof), claimed);
        _pay(row.party, tokenAmount);
    }

    /// @inheritdoc ISettlement
    function settleMany(Row[] calldata rows, bytes32[][] calldata proofs) external override {
        require(rows.length == proofs.length, LengthMismatch(rows.length, proofs.length));
        for (uint256 i = 0; i < rows.length; ++i) {
            try this.settle(rows[i], proofs[i]) {} catch {
                emit RowSkipped(rows[i].party);
            }
        }
    }

    /// @inheritdoc ISettlement
    function claimFees() external override nonReentrant returns (uint256 tokenAmount) {
        Totals memory last = _final();
        Accounting.Settled memory settled = _settled;
        // Providers come first: fees are what is booked beyond all that is earned, claimed or not.
        uint64 claimable = uint64(
            Accounting.less(_booked(last, settled), uint256(last.earned) + settled.fees)
        );
        _settled.fees = settled.fees + claimable;
        tokenAmount = _toTokensDown(settled.fees + claimable) - _toTokensDown(settled.fees);
        emit FeesClaimed(feeRecipient, claimable, tokenAmount);
        _pay(feeRecipient, tokenAmount);
    }

    /// @inheritdoc ISettlement
    function settledTotals()
        external
        view
        override
        returns (uint64 spent, uint64 refunded, uint64 earned, uint64 fees)
    {
        Accounting.Settled memory settled = _settled;
        return (settled.spent, settled.refunded, settled.earned, settled.fees);
    }

    /// @dev Applies a row of a final checkpoint to the books. The caller has checked its proof, and pays.
    function _settle(Totals memory last, Row memory row) internal returns (uint256 tokenAmount) {
        Accounting.Party memory books = _parties[row.party];
        Accounting.Settled memory settled = _settled;
        Accounting.Party memory next = books.applied(
            _chargeable(row, books.spent),
            row.refunded,
            row.earned,
            _pools(last, settled)
        );
        // A party's numbers only grow.
        unchecked {
            uint256 refunded = next.refunded - books.refunded;
            uint256 burned = next.spent - books.spent + refunded;
            if (burned == 0 && next.earned == books.earned) return 0;
            _parties[row.party] = next;
            _settled = settled.moved(books, next);
            if (refunded > 0) _closeServed(row.party, next);
            if (burned > 0) emit IERC20.Transfer(row.party, address(0), burned);
        }
        tokenAmount = _payoutBetween(books, next);
        emit RowSettled(row.party, last.epoch, next.spent, next.refunded, next.earned, tokenAmount);
    }

    /// @dev The difference of two floors: taking a payout in parts neither loses nor gains a fraction.
    function _payoutBetween(
        Accounting.Party memory books,
        Accounting.Party memory next
    ) internal view returns (uint256 tokenAmount) {
        // The numbers only grow, and so do floors of them.
        unchecked {
            return
                _toTokensDown(uint256(next.earned) + next.refunded) -
                _toTokensDown(uint256(books.earned) + books.refunded);
        }
    }

    /// @dev What may still leave under the final checkpoint's totals.
    function _pools(
        Totals memory last,
        Accounting.Settled memory settled
    ) internal view returns (Accounting.Pools memory) {
        uint256 payable_ = Accounting.less(_booked(last, settled), settled.fees);
        return
            Accounting.Pools({
                refund: Accounting.less(last.refunded, settled.refunded),
                earning: Accounting.less(Accounting.min(last.earned, payable_), settled.earned)
            });
    }

    /// @dev The part of the final `spent` that earnings and fees may draw on. Rows that are settled after others
    ///      have exited can't book what is gone; without a limit for unproven rows that is never the case.
    function _booked(Totals memory last, Accounting.Settled memory settled) internal view returns (uint256) {
        if (unprovenLimitMicros == type(uint64).max) return last.spent;
        return Accounting.booked(last.spent, settled.spent, unprovenLimitMicros, _unrefunded(settled));
    }

    /// @dev What providers, the operator, refunds and exits share: all purchases and the cover, less what refunds and
    ///      exits have taken.
    function _unrefunded(Accounting.Settled memory settled) internal view returns (uint256) {
        return uint256(_purchased) + _covered - settled.refunded;
    }

    /// @dev What a row may charge. With a limit for unproven spending no more than its owner is known to have signed
    ///      for, whatever the signers say.
    function _chargeable(Row memory row, uint64 spent) private view returns (uint256) {
        if (unprovenLimitMicros == type(uint64).max || row.spent <= spent) return row.spent;
        return Accounting.min(row.spent, _coveredSpentOf(row.party));
    }

    /// @dev What the court knows to be covered by an account's signature.
    function _coveredSpentOf(address account) internal view virtual returns (uint64);

    function _requireNotFrozen() internal view virtual override(Checkpoints, Refunds);
}
