// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Everything that the owner can do
/// @notice It can never reach funds, change terms already agreed, or block a way out. What matters to users is
///         announced, and takes effect after `signerDelaySeconds`: long enough to be refunded or to freeze first.
interface IGovernance {
    /// @notice The owner announced other signers.
    event SignersAnnounced(bytes32 indexed change, address[] signers, uint8 threshold, uint256 effectiveAt);

    /// @notice The announced signers sign from now on.
    event SignersChanged(address[] signers, uint8 threshold);

    /// @notice The owner announced another guardian.
    event GuardianAnnounced(bytes32 indexed change, address indexed guardian, uint256 effectiveAt);

    /// @notice The announced guardian may veto from now on.
    event GuardianChanged(address indexed guardian);

    /// @notice An announcement was taken back, or replaced by a newer one of its kind.
    event AnnouncementCancelled(bytes32 indexed change);

    /// @notice Fees go elsewhere from now on.
    event FeeRecipientChanged(address indexed feeRecipient);

    /// @notice Nothing like that was announced.
    error NotAnnounced(bytes32 change);

    /// @notice The announced change has to wait.
    error TooEarly(bytes32 change, uint256 now_, uint256 effectiveAt);

    /// @notice The change was announced too long ago: it may be carried out for `signerDelaySeconds` after its delay.
    error AnnouncementExpired(bytes32 change, uint256 now_, uint256 expiry);

    /// @notice Owner: closes buying. Nothing else: whatever pays out stays open.
    function pause() external;

    /// @notice Owner: opens buying again, unless the vault is frozen.
    function unpause() external;

    /// @notice Owner, at once: where fees go.
    function setFeeRecipient(address recipient) external;

    /// @notice Owner: announces other signers, in place of any that were announced before.
    function announceSigners(address[] calldata signers, uint8 threshold) external;

    /// @notice Anyone, after the delay: the announced signers take over. What the former ones signed and nobody
    ///         submitted is void; what they signed against the truth is theirs for `signerDelaySeconds` more.
    function changeSigners(address[] calldata signers, uint8 threshold) external;

    /// @notice Owner: announces another guardian, in place of one that was announced before.
    function announceGuardian(address guardian) external;

    /// @notice Anyone, after the delay: the announced guardian takes over.
    function changeGuardian(address guardian) external;

    /// @notice Owner, at once: takes an announcement back.
    function cancel(bytes32 change) external;

    /// @notice When an announced change may take effect; zero if it was not announced.
    function effectiveAt(bytes32 change) external view returns (uint256);
}
