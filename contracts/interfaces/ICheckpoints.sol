// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICreditTypes} from "./ICreditTypes.sol";

/// @title Checkpoints: one signed root for the rows of all parties
/// @notice A checkpoint is pending for the dispute window, then final. At most one is pending. Its
///         cost does not depend on the number of parties, and the vault stores the last two only.
interface ICheckpoints is ICreditTypes {
    /// @notice A checkpoint was accepted. It is open to disputes until `finalAt`.
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

    /// @notice A pending checkpoint was dropped. The next one has the same epoch and previous root.
    event CheckpointDropped(uint64 indexed epoch, bytes32 indexed root);

    /// @notice Another checkpoint is still pending.
    error CheckpointPending(uint64 epoch, uint64 finalAt);

    /// @notice The table is not younger than the last drop of its epoch and the last change of
    ///         signers. Both void all signatures up to their second, so the signers have to make
    ///         and sign a new table.
    error CheckpointIsVoid(uint64 asOf, uint256 voidUntil);

    /// @notice Epochs follow each other without gaps.
    error WrongEpoch(uint64 epoch, uint64 expected);

    /// @notice The checkpoint does not build on the last final one.
    error WrongPreviousRoot(bytes32 previousRoot, bytes32 expected);

    /// @notice The root is zero. A table has at least one row.
    error ZeroRoot();

    /// @notice A total is smaller than in the last final checkpoint (I3).
    error TotalsDecreased();

    /// @notice Spending and refunds together exceed all purchases (I2).
    error TotalsExceedPurchases(uint256 spentAndRefunded, uint256 purchased);

    /// @notice Earnings exceed spending (I2).
    error EarnedExceedsSpent(uint64 earned, uint64 spent);

    /// @notice The fee, `spent − earned`, exceeds `maxFeeBps` of the spending (I2).
    error FeeTooHigh(uint256 feeMicros, uint256 maximumMicros);

    /// @notice The fee is smaller than in the last final checkpoint. A fee that was already paid
    ///         out would then be missing from the providers' pool.
    error FeeDecreased(uint64 feeMicros, uint64 previousFeeMicros);

    /// @notice `asOf` lies in the future.
    error CheckpointFromFuture(uint64 asOf, uint256 now_);

    /// @notice There are fewer signatures than the threshold.
    error TooFewSignatures(uint256 signatures, uint256 threshold);

    /// @notice Signers are strictly ascending, so that no signature counts twice.
    error SignersNotAscending(address previous, address signer);

    /// @notice The threshold is zero, or above the number of signers.
    error ImpossibleThreshold(uint256 threshold, uint256 signers);

    /// @notice The address is not one of the signers.
    error UnknownSigner(address signer);

    /// @notice The signature is not the signer's signature of this message.
    error InvalidSignature(address signer);

    /// @notice The table is not younger than the last change of signers, so it proves nothing
    ///         against the present ones. Former signers answer for nothing.
    error FormerSigners(uint64 asOf, uint256 signersSince);

    /// @notice Only the guardian may veto.
    error NotGuardian(address caller);

    /// @notice In a vault with `unprovenLimitMicros` the guardian may veto each epoch once. With
    ///         more vetoes a guardian that is also a payer could keep earnings from providers.
    error VetoUsedUp(uint64 epoch);

    /// @notice Submits a checkpoint. Anyone may, with signatures of at least `threshold` signers.
    /// @return finalAt When the checkpoint becomes final if it is not challenged or dropped.
    function submitCheckpoint(
        Checkpoint calldata checkpoint,
        SignerSignature[] calldata signatures
    ) external returns (uint64 finalAt);

    /// @notice Guardian: drops the pending checkpoint. This delays payouts and moves no tokens. In
    ///         a vault with `unprovenLimitMicros` the guardian may veto each epoch once.
    function veto() external;

    /// @notice The digest that signers sign for a checkpoint (EIP-712).
    function hashCheckpoint(Checkpoint calldata checkpoint) external view returns (bytes32 digest);

    /// @notice The leaf of a row in the table's Merkle tree.
    function rowLeaf(Row calldata row) external pure returns (bytes32 leaf);

    /// @notice The checkpoint that is open to disputes; all zero if none is pending.
    function pendingCheckpoint() external view returns (CheckpointRecord memory);

    /// @notice The last final checkpoint; all zero before the first.
    function finalCheckpoint() external view returns (CheckpointRecord memory);

    /// @notice Returns true if the address is a signer now.
    function isSigner(address signer) external view returns (bool);

    /// @notice When the present signers took over; zero for the first signers. A checkpoint's
    ///         `asOf` is later.
    function signersSince() external view returns (uint40);

    /// @notice How many signers a checkpoint needs.
    function threshold() external view returns (uint8);

    /// @notice The address that may veto.
    function guardian() external view returns (address);
}
