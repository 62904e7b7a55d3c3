// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Vault} from "./Vault.sol";

/// @title Who signs, and how many of them it takes
/// @dev Invariant: 1 ≤ threshold ≤ number of signers, all distinct.
abstract contract Signers is ICheckpoints, Vault {
    using Signatures for address;

    mapping(uint256 generation => mapping(address signer => bool known)) private _signs;

    /// @notice A threshold that no set of signatures, or every one, could meet.
    error ImpossibleThreshold(uint256 threshold, uint256 signers);

    constructor(address[] memory signers, uint8 threshold_) {
        _checkSigners(signers, threshold_);
        _setSigners(signers, threshold_);
    }

    /// @inheritdoc ICheckpoints
    function isSigner(address signer) external view override returns (bool known) {
        return _signs[_generation][signer];
    }

    /// @inheritdoc ICheckpoints
    function signersSince() external view override returns (uint40) {
        return _signersSince;
    }

    /// @inheritdoc ICheckpoints
    function threshold() external view override returns (uint8) {
        return _threshold;
    }

    /// @dev Reverts unless enough of those signed who were signers then. Two changes are at least `signerDelaySeconds`
    ///      apart, so that one former set is all that has to be known.
    function _checkQuorumAt(
        uint64 signedAt,
        bytes32 digest,
        SignerSignature[] calldata signatures
    ) internal view {
        if (signedAt >= _signersSince) return _checkQuorum(_generation, _threshold, digest, signatures);
        uint256 provableUntil = signedAt >= _formerSince ? uint256(_signersSince) + signerDelaySeconds : 0;
        require(block.timestamp <= provableUntil, FormerSigners(block.timestamp, provableUntil));
        _checkQuorum(_generation - 1, _formerThreshold, digest, signatures);
    }

    /// @dev The set is a checked one.
    function _changeSigners(address[] memory signers, uint8 threshold_) internal {
        _formerThreshold = _threshold;
        _formerSince = _signersSince;
        _signersSince = uint40(block.timestamp);
        ++_generation;
        _setSigners(signers, threshold_);
    }

    function _setSigners(address[] memory signers, uint8 threshold_) private {
        for (uint256 i = 0; i < signers.length; ++i) _signs[_generation][signers[i]] = true;
        _threshold = threshold_;
    }

    /// @dev Reverts unless as many of that generation's signers signed `digest` as are needed.
    function _checkQuorum(
        uint256 generation,
        uint256 needed,
        bytes32 digest,
        SignerSignature[] calldata signatures
    ) internal view {
        require(signatures.length >= needed, TooFewSignatures(signatures.length, needed));
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            SignerSignature calldata signed = signatures[i];
            address signer = signed.signer;
            require(signer > previous, SignersNotAscending(previous, signer));
            require(_signs[generation][signer], UnknownSigner(signer));
            require(signer.isValid(digest, signed.signature), InvalidSignature(signer));
            previous = signer;
        }
    }

    /// @dev Reverts unless the set is strictly ascending and the threshold can be met.
    function _checkSigners(address[] memory signers, uint8 threshold_) internal pure {
        require(
            threshold_ > 0 && threshold_ <= signers.length,
            ImpossibleThreshold(threshold_, signers.length)
        );
        address previous = address(0);
        for (uint256 i = 0; i < signers.length; ++i) {
            require(signers[i] > previous, SignersNotAscending(previous, signers[i]));
            previous = signers[i];
        }
    }
}
