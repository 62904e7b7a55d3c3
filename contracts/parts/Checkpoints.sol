// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {Signers} from "./Signers.sol";

/// @title Checkpoints and when they become final
/// @dev Invariants: I2 and I3 for the totals of every accepted checkpoint; at most one is pending; only a final one
///      moves anything. Two records are used in turn, so that storage never grows.
abstract contract Checkpoints is ICheckpoints, Signers {
    /// @dev Two slots. 24 bits of epochs last 319 years at one every ten minutes.
    struct Record {
        bytes32 root;
        uint64 spent;
        uint64 refunded;
        uint64 earned;
        uint40 finalAt;
        uint24 epoch;
    }

    bytes32 private constant CHECKPOINT_TYPEHASH = keccak256(
        "Checkpoint(uint64 epoch,bytes32 previousRoot,bytes32 root,uint64 spent,uint64 refunded,uint64 earned,uint64 asOf,bytes32 dataHash)"
    );

    /// @dev An epoch's record is at its parity. A dropped one is deleted, and its epoch used again.
    Record[2] private _records;

    /// @dev Checkpoints dropped so far.
    uint64 internal _drops;

    /// @dev Roots that were on chain and dropped: signing their epoch again is no fraud.
    mapping(uint64 epoch => mapping(bytes32 root => bool dropped)) internal _dropped;

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
        Record storage latest = _latest();
        require(_isFinal(latest), CheckpointPending(latest.epoch, latest.finalAt));
        _checkQuorum(hashCheckpoint(checkpoint), signatures);
        _checkSuccession(checkpoint, latest);

        finalAt = uint64(block.timestamp + disputeWindowSeconds);
        _records[checkpoint.epoch % 2] = Record({
            root: checkpoint.root,
            spent: checkpoint.spent,
            refunded: checkpoint.refunded,
            earned: checkpoint.earned,
            finalAt: uint40(finalAt),
            epoch: uint24(checkpoint.epoch)
        });
        emit CheckpointSubmitted(
            checkpoint.epoch,
            checkpoint.root,
            checkpoint.previousRoot,
            checkpoint.spent,
            checkpoint.refunded,
            checkpoint.earned,
            checkpoint.asOf,
            checkpoint.dataHash,
            finalAt
        );
    }

    /// @inheritdoc ICheckpoints
    function veto() external override {
        require(msg.sender == guardian, NotGuardian(msg.sender));
        _drop(_requirePending());
    }

    /// @inheritdoc ICheckpoints
    function pendingCheckpoint() external view override returns (CheckpointRecord memory record) {
        Record storage latest = _latest();
        if (!_isFinal(latest)) record = _shown(latest);
    }

    /// @inheritdoc ICheckpoints
    function finalCheckpoint() external view override returns (CheckpointRecord memory) {
        return _shown(_final());
    }

    /// @inheritdoc ICheckpoints
    function hashCheckpoint(Checkpoint calldata checkpoint) public view override returns (bytes32 digest) {
        return _hashTypedDataV4(keccak256(abi.encode(CHECKPOINT_TYPEHASH, checkpoint)));
    }

    /// @inheritdoc ICheckpoints
    function rowLeaf(Row calldata row) public pure override returns (bytes32 leaf) {
        return keccak256(bytes.concat(keccak256(abi.encode(row))));
    }

    /// @dev The pending checkpoint; reverts if there is none.
    function _requirePending() internal view returns (Record storage pending) {
        pending = _latest();
        require(!_isFinal(pending), NoPendingCheckpoint());
    }

    /// @dev The last final checkpoint, or an empty record.
    function _final() internal view returns (Record storage) {
        (Record storage even, Record storage odd) = (_records[0], _records[1]);
        (Record storage latest, Record storage earlier) = even.epoch > odd.epoch ? (even, odd) : (odd, even);
        return _isFinal(latest) ? latest : earlier;
    }

    /// @dev The record of the highest epoch, or an empty one.
    function _latest() internal view returns (Record storage) {
        return _records[0].epoch > _records[1].epoch ? _records[0] : _records[1];
    }

    function _isFinal(Record storage record) internal view returns (bool) {
        return block.timestamp >= record.finalAt;
    }

    /// @dev Nothing was applied yet: only a final checkpoint moves anything.
    function _drop(Record storage pending) internal {
        emit CheckpointDropped(pending.epoch, pending.root);
        ++_drops;
        _dropped[pending.epoch][pending.root] = true;
        delete pending.root;
        pending.spent = 0;
        pending.refunded = 0;
        pending.earned = 0;
        pending.finalAt = 0;
        pending.epoch = 0;
    }

    function _requireNotFrozen() internal view virtual;

    /// @dev Chained to the last final checkpoint, I2, I3.
    function _checkSuccession(Checkpoint calldata next, Record storage last) private view {
        uint256 epoch = uint256(last.epoch) + 1;
        require(next.epoch == epoch && epoch <= type(uint24).max, WrongEpoch(next.epoch, uint64(epoch)));
        require(next.previousRoot == last.root, WrongPreviousRoot(next.previousRoot, last.root));
        require(next.root != bytes32(0), ZeroRoot());
        require(next.asOf <= block.timestamp, CheckpointFromFuture(next.asOf, block.timestamp));
        require(
            next.spent >= last.spent && next.refunded >= last.refunded && next.earned >= last.earned,
            TotalsDecreased()
        );
        uint256 used = uint256(next.spent) + next.refunded;
        require(used <= _purchased, TotalsExceedPurchases(used, _purchased));
        require(next.earned <= next.spent, EarnedExceedsSpent(next.earned, next.spent));
        uint64 fee = next.spent - next.earned;
        uint256 maximum = (uint256(next.spent) * maxFeeBps) / BPS;
        require(fee <= maximum, FeeTooHigh(fee, maximum));
        require(fee >= last.spent - last.earned, FeeDecreased(fee, last.spent - last.earned));
    }

    function _shown(Record storage record) private view returns (CheckpointRecord memory) {
        return
            CheckpointRecord({
                epoch: record.epoch,
                root: record.root,
                spent: record.spent,
                refunded: record.refunded,
                earned: record.earned,
                finalAt: record.finalAt
            });
    }
}
