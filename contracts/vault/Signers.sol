// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Vault} from "./Vault.sol";

/// @title The signers and their threshold
/// @dev Invariant: 1 ≤ threshold ≤ number of signers, and no signer counts twice.
abstract contract Signers is ICheckpoints, Vault {
    using Signatures for address;

    /// @dev Each change of signers starts a new generation, so that no old entry has to be deleted
    ///      (decision 0111). Only the present generation is ever read (decision 0115).
    mapping(uint256 generation => mapping(address signer => bool known)) private _signs;

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

    /// @dev Puts a checked set in charge.
    function _changeSigners(address[] memory signers, uint8 threshold_) internal {
        _signersSince = uint40(block.timestamp);
        ++_generation;
        _setSigners(signers, threshold_);
    }

    /// @dev Writes the signers of the current generation.
    function _setSigners(address[] memory signers, uint8 threshold_) private {
        for (uint256 i = 0; i < signers.length; ++i) _signs[_generation][signers[i]] = true;
        _threshold = threshold_;
    }

    /// @dev Reverts unless at least `needed` signers of that generation signed `digest`. Every
    ///      given signature must be valid.
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

    /// @dev Reverts unless the signers are strictly ascending and the threshold can be met.
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
