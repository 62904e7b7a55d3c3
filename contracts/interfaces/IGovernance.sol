// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Every power of the owner
/// @notice The owner cannot reach funds, change terms or block a way out. A change of signers or of
///         the guardian is announced and takes effect after `signerDelaySeconds`: users have time
///         to be refunded, or to freeze the vault, before it.
interface IGovernance {
    /// @notice The owner announced other signers.
    event SignersAnnounced(
        bytes32 indexed change,
        address[] signers,
        uint8 threshold,
        uint256 effectiveAt
    );

    /// @notice The announced signers took over.
    event SignersChanged(address[] signers, uint8 threshold);

    /// @notice The owner announced another guardian.
    event GuardianAnnounced(bytes32 indexed change, address indexed guardian, uint256 effectiveAt);

    /// @notice The announced guardian took over.
    event GuardianChanged(address indexed guardian);

    /// @notice The owner cancelled an announcement, or replaced it by a newer one of its kind.
    event AnnouncementCancelled(bytes32 indexed change);

    /// @notice Fees go to another address from now on.
    event FeeRecipientChanged(address indexed feeRecipient);

    /// @notice This change was not announced.
    error NotAnnounced(bytes32 change);

    /// @notice The announced change does not take effect yet.
    error TooEarly(bytes32 change, uint256 now_, uint256 effectiveAt);

    /// @notice The announcement expired `signerDelaySeconds` after it could take effect.
    error AnnouncementExpired(bytes32 change, uint256 now_, uint256 expiry);

    /// @notice Owner: stops purchases. All payouts stay open.
    function pause() external;

    /// @notice Owner: allows purchases again, unless the vault is frozen.
    function unpause() external;

    /// @notice Owner, at once: chooses the address that receives the fees.
    function setFeeRecipient(address recipient) external;

    /// @notice Owner: announces other signers. This replaces an earlier announcement of signers.
    function announceSigners(address[] calldata signers, uint8 threshold) external;

    /// @notice Anyone, after the delay: puts the announced signers in charge. Unsubmitted
    ///         checkpoints of the former signers are void, and their signatures prove nothing any
    ///         more. Show two checkpoints of them, or register their receipts (`registerReceipt`),
    ///         before the change takes effect.
    function changeSigners(address[] calldata signers, uint8 threshold) external;

    /// @notice Owner: announces another guardian. This replaces an earlier announcement of a
    ///         guardian.
    function announceGuardian(address guardian) external;

    /// @notice Anyone, after the delay: puts the announced guardian in charge.
    function changeGuardian(address guardian) external;

    /// @notice Owner, at once: cancels an announcement.
    function cancel(bytes32 change) external;

    /// @notice When an announced change may take effect; zero if it is not announced.
    function effectiveAt(bytes32 change) external view returns (uint256);
}
