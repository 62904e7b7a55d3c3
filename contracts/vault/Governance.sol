// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IGovernance} from "../interfaces/IGovernance.sol";
import {CourtLink} from "./CourtLink.sol";

/// @title The owner's powers and their delays
/// @dev Invariant: no function of this contract moves tokens of a party, changes a term or closes a
///      way out.
abstract contract Governance is IGovernance, CourtLink, Ownable2Step {
    /// @inheritdoc IGovernance
    mapping(bytes32 change => uint256 timestamp) public override effectiveAt;

    /// @dev The last announced change of each kind. The next announcement of its kind replaces it.
    bytes32 private _announcedSigners;
    bytes32 private _announcedGuardian;

    /// @inheritdoc IGovernance
    function pause() external override onlyOwner {
        _pause();
    }

    /// @inheritdoc IGovernance
    function unpause() external override onlyOwner {
        _requireNotFrozen();
        _unpause();
    }

    /// @inheritdoc IGovernance
    function setFeeRecipient(address recipient) external override onlyOwner {
        require(recipient != address(0), ZeroAddress());
        feeRecipient = recipient;
        emit FeeRecipientChanged(recipient);
    }

    /// @inheritdoc IGovernance
    function announceSigners(
        address[] calldata signers,
        uint8 threshold_
    ) external override onlyOwner {
        _checkSigners(signers, threshold_);
        bytes32 change = _signersChange(signers, threshold_);
        uint256 timestamp = _announce(_announcedSigners, change);
        _announcedSigners = change;
        emit SignersAnnounced(change, signers, threshold_, timestamp);
    }

    /// @inheritdoc IGovernance
    function changeSigners(address[] calldata signers, uint8 threshold_) external override {
        _take(_signersChange(signers, threshold_));
        _changeSigners(signers, threshold_);
        emit SignersChanged(signers, threshold_);
    }

    /// @inheritdoc IGovernance
    function announceGuardian(address guardian_) external override onlyOwner {
        bytes32 change = _guardianChange(guardian_);
        uint256 timestamp = _announce(_announcedGuardian, change);
        _announcedGuardian = change;
        emit GuardianAnnounced(change, guardian_, timestamp);
    }

    /// @inheritdoc IGovernance
    function changeGuardian(address guardian_) external override {
        _take(_guardianChange(guardian_));
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @inheritdoc IGovernance
    function cancel(bytes32 change) external override onlyOwner {
        require(effectiveAt[change] > 0, NotAnnounced(change));
        _cancel(change);
    }

    /// @dev Deletes an announcement.
    function _cancel(bytes32 change) private {
        delete effectiveAt[change];
        emit AnnouncementCancelled(change);
    }

    /// @dev Announces a change and cancels the one that it replaces. Otherwise the older of two
    ///      announced changes could be carried out after the newer one.
    function _announce(bytes32 replaced, bytes32 change) private returns (uint256 timestamp) {
        if (effectiveAt[replaced] > 0) _cancel(replaced);
        timestamp = block.timestamp + signerDelaySeconds;
        effectiveAt[change] = timestamp;
    }

    /// @dev Uses an announcement up. Reverts before its delay is over and after it expired.
    function _take(bytes32 change) private {
        uint256 timestamp = effectiveAt[change];
        require(timestamp > 0, NotAnnounced(change));
        require(block.timestamp >= timestamp, TooEarly(change, block.timestamp, timestamp));
        // Without an expiry a change could be announced once and carried out by surprise years
        // later.
        uint256 expiry = timestamp + signerDelaySeconds;
        require(block.timestamp <= expiry, AnnouncementExpired(change, block.timestamp, expiry));
        delete effectiveAt[change];
    }

    /// @dev The id of a change of signers.
    function _signersChange(
        address[] calldata signers,
        uint8 threshold_
    ) private pure returns (bytes32) {
        return keccak256(abi.encode("signers", signers, threshold_));
    }

    /// @dev The id of a change of the guardian.
    function _guardianChange(address guardian_) private pure returns (bytes32) {
        return keccak256(abi.encode("guardian", guardian_));
    }
}
