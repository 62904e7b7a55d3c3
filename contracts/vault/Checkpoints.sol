// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {CheckpointSlot, checkpointSlotOf, droppedSlot} from "../libraries/CheckpointSlot.sol";
import {Rows} from "../libraries/Rows.sol";
import {Signers} from "./Signers.sol";

/// @title Checkpoints and their finality
/// @dev Invariants: the totals of every accepted checkpoint keep I2 and I3, at most one checkpoint
///      is pending, and only a final one moves credits. Two slots are used in turn, so that
///      checkpoints use no more storage over time. Drops do: each adds one word for good.
abstract contract Checkpoints is ICheckpoints, Signers {
    using Arrays for uint256[];

    bytes32 private constant CHECKPOINT_TYPEHASH = keccak256(
        "Checkpoint(uint64 epoch,bytes32 previousRoot,bytes32 root,uint64 spent,uint64 refunded,"
        "uint64 earned,uint64 asOf,bytes32 dataHash)"
    );

    /// @dev An epoch's totals and root are at index `epoch % 2`. A drop clears them, and the epoch
    ///      is used again. 24 bits of epochs last 319 years at one every ten minutes.
    CheckpointSlot[2] private _slots;
    bytes32[2] private _roots;

    /// @dev How many checkpoints were dropped so far.
    uint64 internal _drops;

    /// @dev The last epoch that the guardian vetoed.
    uint64 private _vetoedEpoch;

    /// @dev When attempts at an epoch were dropped, in ascending order. Signing the epoch again
    ///      after such a time is no equivocation, however long ago it was. So this grows with each
    ///      drop, without a bound. An entry costs 22,100 gas, and 22,100 more for the first of an
    ///      epoch. Who causes the drop pays: a guardian that vetoes, or whoever proves or enforces
    ///      it against the signers. No one without such a power or proof can add one. A search
    ///      reads log2 of the entries.
    mapping(uint64 epoch => uint256[] timestamps) private _dropTimes;

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
        // One slot holds all four.
        (uint256 generation, uint256 needed, uint256 voidUntil, uint256 purchased) = (
            _generation,
            _threshold,
            _signersSince,
            _purchased
        );
        (CheckpointSlot latest, CheckpointSlot earlier) = _latest();
        require(
            _isFinal(latest),
            CheckpointPending(uint64(latest.epoch()), uint64(latest.finalAt()))
        );
        Checkpoint memory next = checkpoint;
        _checkQuorum(generation, needed, _hash(next), signatures);
        _checkSuccession(next, latest, purchased);
        // A drop voids all earlier signatures for its epoch. Otherwise anyone could submit a
        // dropped checkpoint again. The dropped attempt was in the slot of `earlier`. A change of
        // signers voids them too. Otherwise a lower threshold could make old signatures a quorum.
        // The second of the drop or change counts as before it.
        if (earlier.epoch() == 0 && earlier.droppedAt() > voidUntil) {
            voidUntil = earlier.droppedAt();
        }
        require(next.asOf > voidUntil, CheckpointIsVoid(next.asOf, voidUntil));

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
        CheckpointSlot pending = _requirePending();
        require(
            pending.epoch() != _vetoedEpoch || unprovenLimitMicros == type(uint64).max,
            VetoUsedUp(uint64(pending.epoch()))
        );
        _vetoedEpoch = uint64(pending.epoch());
        _drop(pending);
    }

    /// @inheritdoc ICheckpoints
    function pendingCheckpoint() external view override returns (CheckpointRecord memory record) {
        (CheckpointSlot latest, ) = _latest();
        if (!_isFinal(latest)) record = _shown(latest);
    }

    /// @inheritdoc ICheckpoints
    function finalCheckpoint() external view override returns (CheckpointRecord memory) {
        return _shown(_final());
    }

    /// @inheritdoc ICheckpoints
    function hashCheckpoint(
        Checkpoint calldata checkpoint
    ) public view override returns (bytes32 digest) {
        return _hash(checkpoint);
    }

    /// @inheritdoc ICheckpoints
    function rowLeaf(Row calldata row) public pure override returns (bytes32 leaf) {
        return Rows.leafOf(row);
    }

    /// @dev The pending checkpoint. Reverts if none is pending.
    function _requirePending() internal view returns (CheckpointSlot pending) {
        (pending, ) = _latest();
        require(!_isFinal(pending), NoPendingCheckpoint());
    }

    /// @dev The last final checkpoint; an empty slot before the first.
    function _final() internal view returns (CheckpointSlot) {
        (CheckpointSlot latest, CheckpointSlot earlier) = _latest();
        return _isFinal(latest) ? latest : earlier;
    }

    /// @dev The last checkpoint and the one before it. A slot without a checkpoint has epoch zero.
    function _latest() internal view returns (CheckpointSlot latest, CheckpointSlot earlier) {
        (latest, earlier) = (_slots[0], _slots[1]);
        if (earlier.epoch() > latest.epoch()) (latest, earlier) = (earlier, latest);
    }

    /// @dev The final checkpoint of an epoch, if the row belongs to it. It is the last one, or the
    ///      one before it while that is stored. Cumulative rows make the older one harmless, and a
    ///      sent transaction does not fail because a newer checkpoint becomes final (decision
    ///      0106).
    function _finalWith(
        Row memory row,
        uint256 epoch,
        bytes32[] calldata proof
    ) internal view returns (CheckpointSlot found) {
        found = _slots[epoch % 2];
        require(epoch > 0 && found.epoch() == epoch && _isFinal(found), EpochNotFinal(epoch));
        _requireIn(_roots[epoch % 2], row, proof);
    }

    /// @dev The last final checkpoint, if the row belongs to it.
    function _lastFinalWith(
        Row memory row,
        bytes32[] calldata proof
    ) internal view returns (CheckpointSlot last) {
        last = _final();
        _requireIn(_rootOf(last), row, proof);
    }

    /// @dev Reverts unless the row and its proof lead to the root.
    function _requireIn(bytes32 root, Row memory row, bytes32[] calldata proof) private pure {
        bytes32 found = Rows.rootOf(Rows.leafOf(row), proof);
        require(found == root, RowNotInCheckpoint(row.party, found));
    }

    /// @dev The root of a slot's checkpoint; zero without a checkpoint.
    function _rootOf(CheckpointSlot slot) internal view returns (bytes32) {
        return slot.epoch() == 0 ? bytes32(0) : _roots[slot.epoch() % 2];
    }

    /// @dev Returns true if the dispute window is over, also for a slot without a checkpoint.
    function _isFinal(CheckpointSlot slot) internal view returns (bool) {
        return block.timestamp >= slot.finalAt();
    }

    /// @dev Drops the pending checkpoint, which has moved nothing yet. Its slot keeps the time of
    ///      the drop alone.
    function _drop(CheckpointSlot pending) internal {
        uint256 epoch = pending.epoch();
        bytes32 root = _rootOf(pending);
        _slots[epoch % 2] = droppedSlot(block.timestamp);
        delete _roots[epoch % 2];
        ++_drops;
        _dropTimes[uint64(epoch)].push(block.timestamp);
        emit CheckpointDropped(uint64(epoch), root);
    }

    /// @dev Returns true if an attempt at the epoch was dropped from `first` on and before
    ///      `second`. Reads one word for each halving of the epoch's drops.
    function _wasDroppedBetween(
        uint64 epoch,
        uint64 first,
        uint64 second
    ) internal view returns (bool) {
        uint256[] storage timestamps = _dropTimes[epoch];
        uint256 index = timestamps.lowerBound(first);
        return index < timestamps.length && timestamps[index] < second;
    }

    /// @dev Changes the time at which the pending checkpoint becomes final.
    function _postpone(CheckpointSlot pending, uint40 finalAt) internal {
        uint256 epoch = pending.epoch();
        _slots[epoch % 2] = pending.withFinalAt(finalAt);
    }

    /// @dev Reverts if the vault is frozen.
    function _requireNotFrozen() internal view virtual;

    /// @dev The digest that signers sign (EIP-712).
    function _hash(Checkpoint memory checkpoint) private view returns (bytes32 digest) {
        return _hashTypedDataV4(keccak256(abi.encode(CHECKPOINT_TYPEHASH, checkpoint)));
    }

    /// @dev Stores a checkpoint in the slot of its epoch.
    function _record(Checkpoint memory next, uint256 finalAt) private {
        uint256 parity = next.epoch % 2;
        _roots[parity] = next.root;
        _slots[parity] = checkpointSlotOf(
            finalAt,
            next.epoch,
            next.spent,
            next.refunded,
            next.earned
        );
    }

    /// @dev Reverts unless the checkpoint follows the last final one and its totals keep I2 and I3.
    function _checkSuccession(
        Checkpoint memory next,
        CheckpointSlot last,
        uint256 purchased
    ) private view {
        uint256 epoch = last.epoch() + 1;
        require(
            next.epoch == epoch && epoch <= type(uint24).max,
            WrongEpoch(next.epoch, uint64(epoch))
        );
        bytes32 root = _rootOf(last);
        require(next.previousRoot == root, WrongPreviousRoot(next.previousRoot, root));
        require(next.root != bytes32(0), ZeroRoot());
        require(next.asOf <= block.timestamp, CheckpointFromFuture(next.asOf, block.timestamp));
        require(
            next.spent >= last.spent() &&
                next.refunded >= last.refunded() &&
                next.earned >= last.earned(),
            TotalsDecreased()
        );
        uint256 used = uint256(next.spent) + next.refunded;
        require(used <= purchased, TotalsExceedPurchases(used, purchased));
        require(next.earned <= next.spent, EarnedExceedsSpent(next.earned, next.spent));
        // `earned` is at most `spent`, here by the check above and in the last one by its own. The
        // product of 64 bits and 14 bits fits.
        unchecked {
            uint64 fee = next.spent - next.earned;
            uint64 lastFee = uint64(last.spent() - last.earned());
            uint256 maximum = (uint256(next.spent) * maxFeeBps) / BPS;
            require(fee <= maximum, FeeTooHigh(fee, maximum));
            require(fee >= lastFee, FeeDecreased(fee, lastFee));
        }
    }

    /// @dev A slot in the form that views return.
    function _shown(CheckpointSlot slot) private view returns (CheckpointRecord memory) {
        return
            CheckpointRecord({
                epoch: uint64(slot.epoch()),
                root: _rootOf(slot),
                spent: uint64(slot.spent()),
                refunded: uint64(slot.refunded()),
                earned: uint64(slot.earned()),
                finalAt: uint64(slot.finalAt())
            });
    }
}
