// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures of keys and of ERC-1271 wallets
library Signatures {
    /// @notice Returns true if `signer` signed `digest`, with a key or as an ERC-1271 wallet.
    /// @dev Tries the key first, also for an address with code, unlike OpenZeppelin's
    ///      SignatureChecker. An account that delegates to code later (EIP-7702) then cannot disown
    ///      what its key signed (decision 0105). A valid key also saves reading the signer's code.
    function isValid(
        address signer,
        bytes32 digest,
        bytes calldata signature
    ) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(
            digest,
            signature
        );
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return
            signer.code.length > 0 &&
            SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
