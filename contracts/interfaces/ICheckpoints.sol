// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title Checkpoints: one signed root for the rows of all parties
/// @notice A checkpoint is pending for the dispute window, then final. One may be pending at a time. Its cost does
///         not depend on the number of parties, and storage never grows: two records are used in turn.
interface ICheckpoints is ICreditTypes {
    /// @notice A checkpoint was accepted and is open to objections until `finalAt`.
    event CheckpointSubmitted(
        uint64 indexed epoch,
        bytes32 indexed root,
        bytes32 previousRoot,
        uint64 spent,
        uint64 refunded,
        uint64 earned,
        uint64 asOf,
        bytes32 dataHash,
        uint64 finalAt
    );

    /// @notice A pending checkpoint was dropped. The next one has the same epoch and the same previous root.
    event CheckpointDropped(uint64 indexed epoch, bytes32 indexed root);

    /// @notice One checkpoint at a time: this one is not final yet.
    error CheckpointPending(uint64 epoch, uint64 finalAt);

    /// @notice The checkpoint was cut before the last attempt at its epoch was dropped, or before these signers took over:
    ///         either voids all that was signed before. Cut it anew.
    error CheckpointIsVoid(uint64 asOf, uint256 validSince);

    /// @notice Epochs follow each other without gaps.
    error WrongEpoch(uint64 epoch, uint64 expected);

    /// @notice The checkpoint builds on another root than the last final one.
    error WrongPreviousRoot(bytes32 previousRoot, bytes32 expected);

    /// @notice A table has at least one row.
    error ZeroRoot();

    /// @notice Totals never fall (I3).
    error TotalsDecreased();

    /// @notice More spent and refunded than was ever purchased (I2).
    error TotalsExceedPurchases(uint256 spentAndRefunded, uint256 purchased);

    /// @notice More earned than spent (I2).
    error EarnedExceedsSpent(uint64 earned, uint64 spent);

    /// @notice The operator keeps more than the terms allow (I2).
    error FeeTooHigh(uint256 feeMicros, uint256 maximumMicros);

    /// @notice The fee fell: a fee that was already taken would be missing from the providers' pool.
    error FeeDecreased(uint64 feeMicros, uint64 previousFeeMicros);

    /// @notice The table claims to be from the future.
    error CheckpointFromFuture(uint64 asOf, uint256 now_);

    /// @notice Too few of the signers signed.
    error TooFewSignatures(uint256 signatures, uint256 threshold);

    /// @notice Signatures are strictly ascending by signer, so that none counts twice.
    error SignersNotAscending(address previous, address signer);

    /// @notice Not one of the signers.
    error UnknownSigner(address signer);

    /// @notice The signature is not this signer's for this message.
    error InvalidSignature(address signer);

    /// @notice These signers were replaced too long ago (or, with a zero, by others that were replaced in turn).
    error FormerSigners(uint256 now_, uint256 provableUntil);

    /// @notice Only the guardian may veto.
    error NotGuardian(address caller);

    /// @notice Where signers can't take beyond `unprovenLimitMicros`, an epoch is vetoed once: more would let a guardian
    ///         who is a payer too keep from providers what they have earned.
    error VetoUsedUp(uint64 epoch);

    /// @notice Posts a checkpoint. Anyone may, with the signatures of at least `threshold` signers.
    function submitCheckpoint(
        Checkpoint calldata checkpoint,
        SignerSignature[] calldata signatures
    ) external returns (uint64 finalAt);

    /// @notice Drops the pending checkpoint. Only the guardian may: it can delay, never take. Once an epoch, unless
    ///         `unprovenLimitMicros` leaves all to the signers.
    function veto() external;

    /// @notice What signers sign for a checkpoint (EIP-712).
    function hashCheckpoint(Checkpoint calldata checkpoint) external view returns (bytes32 digest);

    /// @notice The leaf of a row in the table's Merkle tree.
    function rowLeaf(Row calldata row) external pure returns (bytes32 leaf);

    /// @notice The checkpoint that is open to objections; all zero if there is none.
    function pendingCheckpoint() external view returns (CheckpointRecord memory);

    /// @notice The last final checkpoint; all zero if there is none.
    function finalCheckpoint() external view returns (CheckpointRecord memory);

    /// @notice Whether an address is a signer now.
    function isSigner(address signer) external view returns (bool);

    /// @notice When the present signers took over; zero for the first ones. A checkpoint's `asOf` is not earlier.
    function signersSince() external view returns (uint40);

    /// @notice How many signers a checkpoint needs.
    function threshold() external view returns (uint8);

    /// @notice Who may veto.
    function guardian() external view returns (address);
}
