// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {Books, booksOf, headOfCheckpoint} from "../libraries/Books.sol";
import {Rows} from "../libraries/Rows.sol";
import {Signers} from "./Signers.sol";

/// @title Checkpoints and when they become final
/// @dev Invariants: I2 and I3 for the totals of every accepted checkpoint; at most one is pending; only a final one
///      moves anything. Two records are used in turn, so that storage never grows.
abstract contract Checkpoints is ICheckpoints, Signers {
    bytes32 private constant CHECKPOINT_TYPEHASH = keccak256(
        "Checkpoint(uint64 epoch,bytes32 previousRoot,bytes32 root,uint64 spent,uint64 refunded,uint64 earned,uint64 asOf,bytes32 dataHash)"
    );

    /// @dev An epoch's totals and root are at its parity. What is dropped is deleted, and its epoch used again. 24 bits
    ///      of epochs last 319 years at one every ten minutes.
    Books[2] private _totals;
    bytes32[2] private _roots;

    /// @dev Checkpoints dropped so far.
    uint64 internal _drops;

    /// @dev The last epoch that the guardian vetoed.
    uint64 private _vetoedEpoch;

    /// @dev When attempts at an epoch were dropped, or its signers replaced: signing it again, later, is no fraud.
    mapping(uint64 epoch => uint256[] timestamps) internal _dropTimes;

    /// @inheritdoc ICheckpoints
    address public override guardian;

    constructor(address guardian_) {
        guardian = guardian_;
    }

    /// @inheritdoc ICheckpoints
    function submitCheckpoint(
        Checkpoint calldata checkpoint,
        SignerSignature[] calldata signatures
    ) external override returns (uint64 finalAt) {
        _requireNotFrozen();
        // Read together, of one slot.
        (uint256 generation, uint256 needed, uint256 validSince, uint256 purchased) = (
            _generation,
            _threshold,
            _signersSince,
            _purchased
        );
        (Books latest, Books earlier) = _latest();
        require(_isFinal(latest), CheckpointPending(uint64(latest.epoch()), uint64(latest.finalAt())));
        Checkpoint memory next = checkpoint;
        _checkQuorum(generation, needed, _hash(next), signatures);
        _checkSuccession(next, latest, purchased);
        // A drop voids all that was signed for its epoch before: else anyone could put a dropped checkpoint back.
        // The next one goes where the earlier one is; without an epoch, that is when the last attempt was dropped.
        // So does a change of signers: else a lower threshold would make old signatures enough.
        if (earlier.epoch() == 0 && earlier.finalAt() > validSince) validSince = earlier.finalAt();
        require(next.asOf >= validSince, CheckpointIsVoid(next.asOf, validSince));

        finalAt = uint64(block.timestamp + disputeWindowSeconds);
        _record(next, finalAt);
        emit CheckpointSubmitted(
            next.epoch,
            next.root,
            next.previousRoot,
            next.spent,
            next.refunded,
            next.earned,
            next.asOf,
            next.dataHash,
            finalAt
        );
    }

    /// @inheritdoc ICheckpoints
    function veto() external override {
        require(msg.sender == guardian, NotGuardian(msg.sender));
        Books pending = _requirePending();
        require(
            pending.epoch() != _vetoedEpoch || unprovenLimitMicros == type(uint64).max,
            VetoUsedUp(uint64(pending.epoch()))
        );
        _vetoedEpoch = uint64(pending.epoch());
        _drop(pending);
    }

    /// @inheritdoc ICheckpoints
    function pendingCheckpoint() external view override returns (CheckpointRecord memory record) {
        (Books latest, ) = _latest();
        if (!_isFinal(latest)) record = _shown(latest);
    }

    /// @inheritdoc ICheckpoints
    function finalCheckpoint() external view override returns (CheckpointRecord memory) {
        return _shown(_final());
    }

    /// @inheritdoc ICheckpoints
    function hashCheckpoint(Checkpoint calldata checkpoint) public view override returns (bytes32 digest) {
        return _hash(checkpoint);
    }

    /// @inheritdoc ICheckpoints
    function rowLeaf(Row calldata row) public pure override returns (bytes32 leaf) {
        return Rows.leafOf(row);
    }

    /// @dev The pending checkpoint; reverts if there is none.
    function _requirePending() internal view returns (Books pending) {
        (pending, ) = _latest();
        require(!_isFinal(pending), NoPendingCheckpoint());
    }

    /// @dev The last final checkpoint; empty before the first.
    function _final() internal view returns (Books) {
        (Books latest, Books earlier) = _latest();
        return _isFinal(latest) ? latest : earlier;
    }

    /// @dev The last checkpoint and the one before it; empty where there is none.
    function _latest() internal view returns (Books latest, Books earlier) {
        (latest, earlier) = (_totals[0], _totals[1]);
        if (earlier.epoch() > latest.epoch()) (latest, earlier) = (earlier, latest);
    }

    /// @dev The final checkpoint of an epoch, which the row must belong to: the last, or the one before it while that is
    ///      still on record. Cumulative rows make the older one harmless, and a payout that is on its way does not
    ///      fail because a newer checkpoint has just become final.
    function _finalWith(
        Row memory row,
        uint256 epoch,
        bytes32[] calldata proof
    ) internal view returns (Books found) {
        found = _totals[epoch % 2];
        require(epoch > 0 && found.epoch() == epoch && _isFinal(found), EpochNotFinal(epoch));
        _requireIn(_roots[epoch % 2], row, proof);
    }

    /// @dev The last final checkpoint, which the row must belong to.
    function _lastFinalWith(Row memory row, bytes32[] calldata proof) internal view returns (Books last) {
        last = _final();
        _requireIn(_rootOf(last), row, proof);
    }

    function _requireIn(bytes32 root, Row memory row, bytes32[] calldata proof) private pure {
        bytes32 found = Rows.rootOf(Rows.leafOf(row), proof);
        require(found == root, RowNotInCheckpoint(row.party, found));
    }

    function _rootOf(Books totals) internal view returns (bytes32) {
        return totals.epoch() == 0 ? bytes32(0) : _roots[totals.epoch() % 2];
    }

    function _isFinal(Books totals) internal view returns (bool) {
        return block.timestamp >= totals.finalAt();
    }

    /// @dev Nothing was applied yet: only a final checkpoint moves anything. The record keeps the time alone: with no
    ///      epoch it is none, and final since.
    function _drop(Books pending) internal {
        uint256 epoch = pending.epoch();
        bytes32 root = _rootOf(pending);
        _totals[epoch % 2] = booksOf(headOfCheckpoint(block.timestamp, 0), 0, 0, 0);
        delete _roots[epoch % 2];
        ++_drops;
        _dropTimes[uint64(epoch)].push(block.timestamp);
        emit CheckpointDropped(uint64(epoch), root);
    }

    /// @dev What was signed for the next epoch is void, and it may be signed again.
    function _voidNext() internal {
        (Books latest, ) = _latest();
        _dropTimes[uint64(latest.epoch() + 1)].push(block.timestamp);
    }

    function _postpone(Books pending, uint40 finalAt) internal {
        uint256 epoch = pending.epoch();
        uint256 head = headOfCheckpoint(finalAt, epoch);
        _totals[epoch % 2] = booksOf(head, pending.spent(), pending.refunded(), pending.earned());
    }

    function _requireNotFrozen() internal view virtual;

    function _hash(Checkpoint memory checkpoint) private view returns (bytes32 digest) {
        return _hashTypedDataV4(keccak256(abi.encode(CHECKPOINT_TYPEHASH, checkpoint)));
    }

    function _record(Checkpoint memory next, uint256 finalAt) private {
        uint256 parity = next.epoch % 2;
        _roots[parity] = next.root;
        _totals[parity] = booksOf(
            headOfCheckpoint(finalAt, next.epoch),
            next.spent,
            next.refunded,
            next.earned
        );
    }

    /// @dev Chained to the last final checkpoint, I2, I3.
    function _checkSuccession(Checkpoint memory next, Books last, uint256 purchased) private view {
        uint256 epoch = last.epoch() + 1;
        require(next.epoch == epoch && epoch <= type(uint24).max, WrongEpoch(next.epoch, uint64(epoch)));
        bytes32 root = _rootOf(last);
        require(next.previousRoot == root, WrongPreviousRoot(next.previousRoot, root));
        require(next.root != bytes32(0), ZeroRoot());
        require(next.asOf <= block.timestamp, CheckpointFromFuture(next.asOf, block.timestamp));
        require(
            next.spent >= last.spent() && next.refunded >= last.refunded() && next.earned >= last.earned(),
            TotalsDecreased()
        );
        uint256 used = uint256(next.spent) + next.refunded;
        require(used <= purchased, TotalsExceedPurchases(used, purchased));
        require(next.earned <= next.spent, EarnedExceedsSpent(next.earned, next.spent));
        // Just checked: earned is at most spent, in the last one too; 64 bits times 14 bits fit.
        unchecked {
            uint64 fee = next.spent - next.earned;
            uint64 lastFee = uint64(last.spent() - last.earned());
            uint256 maximum = (uint256(next.spent) * maxFeeBps) / BPS;
            require(fee <= maximum, FeeTooHigh(fee, maximum));
            require(fee >= lastFee, FeeDecreased(fee, lastFee));
        }
    }

    function _shown(Books totals) private view returns (CheckpointRecord memory) {
        return
            CheckpointRecord({
                epoch: uint64(totals.epoch()),
                root: _rootOf(totals),
                spent: uint64(totals.spent()),
                refunded: uint64(totals.refunded()),
                earned: uint64(totals.earned()),
                finalAt: uint64(totals.finalAt())
            });
    }
}
