// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpoints} from "../interfaces/ICheckpoints.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Vault} from "./Vault.sol";

/// @title Who signs, and how many of them it takes
/// @dev Invariant: 1 ≤ threshold ≤ number of signers, all distinct.
abstract contract Signers is ICheckpoints, Vault {
    using Signatures for address;

    /// @inheritdoc ICheckpoints
    mapping(address signer => bool known) public override isSigner;

    address[] internal _signers;

    /// @notice A threshold that no set of signatures, or every one, could meet.
    error ImpossibleThreshold(uint256 threshold, uint256 signers);

    constructor(address[] memory signers, uint8 threshold_) {
        _setSigners(signers, threshold_);
    }

    /// @inheritdoc ICheckpoints
    function threshold() external view override returns (uint8) {
        return _threshold;
    }

    /// @dev Reverts unless enough signers signed `digest`.
    function _checkQuorum(bytes32 digest, SignerSignature[] calldata signatures) internal view {
        uint256 needed = _threshold;
        require(signatures.length >= needed, TooFewSignatures(signatures.length, needed));
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            SignerSignature calldata signed = signatures[i];
            address signer = signed.signer;
            require(signer > previous, SignersNotAscending(previous, signer));
            require(isSigner[signer], UnknownSigner(signer));
            require(signer.isValid(digest, signed.signature), InvalidSignature(signer));
            previous = signer;
        }
    }

    function _setSigners(address[] memory signers, uint8 threshold_) internal {
        _checkSigners(signers, threshold_);
        for (uint256 i = 0; i < _signers.length; ++i) isSigner[_signers[i]] = false;
        for (uint256 i = 0; i < signers.length; ++i) isSigner[signers[i]] = true;
        _signers = signers;
        _threshold = threshold_;
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
