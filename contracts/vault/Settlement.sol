// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Accounting} from "../libraries/Accounting.sol";
import {Books, booksOf} from "../libraries/Books.sol";
import {Checkpoints} from "./Checkpoints.sol";
import {Payouts} from "./Payouts.sol";
import {Refunds} from "./Refunds.sol";

/// @title Settling rows, and the fees
/// @dev Invariants: a party's numbers only grow (I3) and keep I1; earnings and refunds leave only through their
///      pools, which no row can overdraw, so that the vault stays solvent (I5) whatever was signed.
abstract contract Settlement is ISettlement, Checkpoints, Payouts, Refunds {
    using Accounting for Books;

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
    function settleMany(Row[] calldata rows, uint256 epoch, bytes32[][] calldata proofs) external override {
        require(rows.length == proofs.length, LengthMismatch(rows.length, proofs.length));
        for (uint256 i = 0; i < rows.length; ++i) {
            try this.settle(rows[i], epoch, proofs[i]) {} catch {
                emit RowSkipped(rows[i].party);
            }
        }
    }

    /// @inheritdoc ISettlement
    function claimFees() external override nonReentrant returns (uint256 tokenAmount) {
        Books last = _final();
        Books settled = _settled;
        uint256 fees = settled.head();
        // Providers come first: fees are what is booked beyond all that is earned, claimed or not.
        uint256 claimable = Accounting.less(_booked(last, settled), last.earned() + fees);
        _settled = settled.plus(booksOf(claimable, 0, 0, 0));
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
        Books settled = _settled;
        return (
            uint64(settled.spent()),
            uint64(settled.refunded()),
            uint64(settled.earned()),
            uint64(settled.head())
        );
    }

    /// @dev Applies a row of a final checkpoint to the books. The caller has checked its proof, and pays.
    function _settle(Books last, Row memory row) internal returns (uint256 tokenAmount) {
        Books books = _parties[row.party];
        Books settled = _settled;
        Books next = books.applied(
            _chargeable(row, books.spent()),
            row.refunded,
            row.earned,
            Accounting.less(last.refunded(), settled.refunded()),
            _earningPool(last, settled)
        );
        if (next.equals(books)) return 0;
        Books moved = next.minus(books);
        _parties[row.party] = next;
        // The sums of all stay below what was purchased in total.
        _settled = settled.plus(moved);
        uint256 refunded = moved.refunded();
        if (refunded > 0) _closeServed(row.party, next);
        uint256 burned = moved.spent() + refunded;
        if (burned > 0) emit IERC20.Transfer(row.party, address(0), burned);
        tokenAmount = _payoutBetween(books, next);
        emit RowSettled(
            row.party,
            uint64(last.epoch()),
            uint64(next.spent()),
            uint64(next.refunded()),
            uint64(next.earned()),
            tokenAmount
        );
    }

    /// @dev The difference of two floors: taking a payout in parts neither loses nor gains a fraction.
    function _payoutBetween(Books books, Books next) internal view returns (uint256 tokenAmount) {
        // The numbers only grow, and so do floors of them.
        unchecked {
            return
                _toTokensDown(next.earned() + next.refunded()) -
                _toTokensDown(books.earned() + books.refunded());
        }
    }

    /// @dev The earnings that may still leave under the final checkpoint's totals.
    function _earningPool(Books last, Books settled) private view returns (uint256) {
        uint256 payable_ = Accounting.less(_booked(last, settled), settled.head());
        return Accounting.less(Accounting.min(last.earned(), payable_), settled.earned());
    }

    /// @dev The part of the final `spent` that earnings and fees may draw on. Rows that are settled after others
    ///      have exited can't book what is gone; without a limit for unproven rows that is never the case.
    function _booked(Books last, Books settled) internal view returns (uint256) {
        uint256 spent = last.spent();
        if (unprovenLimitMicros == type(uint64).max) return spent;
        return Accounting.booked(spent, settled.spent(), unprovenLimitMicros, _unrefunded(settled));
    }

    /// @dev What providers, the operator, refunds and exits share: all purchases and the cover, less what refunds and
    ///      exits have taken.
    function _unrefunded(Books settled) internal view returns (uint256) {
        return uint256(_purchased) + _covered - settled.refunded();
    }

    /// @dev What a row may charge. With a limit for unproven spending no more than its owner is known to have signed
    ///      for, whatever the signers say.
    function _chargeable(Row memory row, uint256 spent) private view returns (uint256) {
        if (unprovenLimitMicros == type(uint64).max || row.spent <= spent) return row.spent;
        return Accounting.min(row.spent, _coveredSpentOf(row.party));
    }

    /// @dev What the court knows to be covered by an account's signature.
    function _coveredSpentOf(address account) internal view virtual returns (uint64);

    function _requireNotFrozen() internal view virtual override(Checkpoints, Refunds);
}
