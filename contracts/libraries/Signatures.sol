// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures of keys and of contract wallets
library Signatures {
    /// @notice Whether `signer` signed `digest`, as a key or as an ERC-1271 wallet.
    /// @dev The key comes first, which OpenZeppelin's SignatureChecker does only for addresses without code: an
    ///      account that delegates to code later (EIP-7702) must not be able to disown what its key has signed.
    ///      It also saves looking at the signer's code.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return
            signer.code.length > 0 &&
            SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
