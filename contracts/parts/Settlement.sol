// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

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
        Record storage last = _final();
        _requireRowOf(last, row, proof);
        tokenAmount = _settle(last, row);
        _pay(row.party, tokenAmount);
    }

    /// @inheritdoc ISettlement
    function settleMany(Row[] calldata rows, bytes32[][] calldata proofs) external override nonReentrant {
        require(rows.length == proofs.length, LengthMismatch(rows.length, proofs.length));
        Record storage last = _final();
        for (uint256 i = 0; i < rows.length; ++i) {
            if (_isRowOf(last, rows[i], proofs[i])) {
                _pay(rows[i].party, _settle(last, rows[i]));
            } else {
                emit RowSkipped(rows[i].party);
            }
        }
    }

    /// @inheritdoc ISettlement
    function claimFees() external override nonReentrant returns (uint256 tokenAmount) {
        Record storage last = _final();
        Accounting.Settled memory settled = _settled;
        // Providers come first: fees are what is booked beyond all that is earned, claimed or not.
        uint64 claimable = Accounting.less(_booked(last, settled), uint256(last.earned) + settled.fees);
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

    /// @dev Applies a row of the final checkpoint to the books. The caller has checked its proof, and pays.
    function _settle(Record storage last, Row calldata row) internal returns (uint256 tokenAmount) {
        Accounting.Party memory books = _parties[row.party];
        Accounting.Settled memory settled = _settled;
        Accounting.Party memory next = books.applied(
            Accounting.Claim({spent: row.spent, refunded: row.refunded, earned: row.earned}),
            _pools(last, settled)
        );
        if (Accounting.same(books, next)) return 0;

        _parties[row.party] = next;
        _settled = settled.moved(books, next);
        if (next.refunded > books.refunded) _closeServed(row.party, next);
        tokenAmount = _payoutBetween(books, next);
        _emitBurned(row.party, books, next);
        emit RowSettled(row.party, last.epoch, next.spent, next.refunded, next.earned, tokenAmount);
    }

    /// @dev The difference of two floors: taking a payout in parts neither loses nor gains a fraction.
    function _payoutBetween(
        Accounting.Party memory books,
        Accounting.Party memory next
    ) internal view returns (uint256 tokenAmount) {
        return
            _toTokensDown(uint256(next.earned) + next.refunded) -
            _toTokensDown(uint256(books.earned) + books.refunded);
    }

    /// @dev What was spent and what was refunded is a credit no more.
    function _emitBurned(
        address account,
        Accounting.Party memory books,
        Accounting.Party memory next
    ) internal {
        uint256 burned = uint256(next.spent - books.spent) + (next.refunded - books.refunded);
        if (burned > 0) emit IERC20.Transfer(account, address(0), burned);
    }

    function _requireRowOf(Record storage record, Row calldata row, bytes32[] calldata proof) internal view {
        require(_isRowOf(record, row, proof), RowNotInCheckpoint(row.party, record.root));
    }

    function _isRowOf(
        Record storage record,
        Row calldata row,
        bytes32[] calldata proof
    ) internal view returns (bool) {
        bytes32 root = record.root;
        return root != bytes32(0) && MerkleProof.verifyCalldata(proof, root, rowLeaf(row));
    }

    /// @dev What may still leave under the final checkpoint's totals.
    function _pools(
        Record storage last,
        Accounting.Settled memory settled
    ) internal view returns (Accounting.Pools memory pools) {
        uint64 payable_ = Accounting.less(_booked(last, settled), settled.fees);
        uint64 earned = last.earned < payable_ ? last.earned : payable_;
        pools.earning = Accounting.less(earned, settled.earned);
        pools.refund = Accounting.less(last.refunded, settled.refunded);
    }

    /// @dev The part of the final `spent` that earnings and fees may draw on. Rows that are settled after others
    ///      have exited can't book what is gone; without a limit for unproven rows that is never the case.
    function _booked(Record storage last, Accounting.Settled memory settled) internal view returns (uint64) {
        uint64 spent = last.spent;
        if (unprovenLimitMicros == type(uint64).max) return spent;
        return Accounting.booked(spent, settled.spent, unprovenLimitMicros, _exitable(last));
    }

    /// @dev What providers, the operator and exits share: all purchases and the cover, less what rows may take as
    ///      refunds, less what exits have taken.
    function _exitable(Record storage last) internal view returns (uint64) {
        return Accounting.less(uint256(_purchased) + _covered, uint256(last.refunded) + _exited);
    }

    function _requireNotFrozen() internal view virtual override(Checkpoints, Refunds);
}
