// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IPaymentToken} from "../interfaces/IPaymentToken.sol";
import {ISignedPurchases} from "../interfaces/ISignedPurchases.sol";
import {Purchases} from "./Purchases.sol";

/// @title Buying credits with a signature instead of an approval
/// @dev Invariant: a payer's authorization moves exactly the price, for the account that the payer
///      chose.
abstract contract SignedPurchases is ISignedPurchases, Purchases {
    /// @inheritdoc ISignedPurchases
    function buyWithPermit(
        address account,
        uint64 creditMicros,
        uint256 deadline,
        bytes calldata signature
    ) external override nonReentrant returns (uint256 tokenAmount) {
        _tryPermit(_toTokensUp(creditMicros), deadline, signature);
        return _buy(account, msg.sender, creditMicros);
    }

    /// @inheritdoc ISignedPurchases
    function buyWithAuthorization(
        address account,
        uint64 creditMicros,
        address payer,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external override nonReentrant returns (uint256 tokenAmount) {
        tokenAmount = _issue(account, payer, creditMicros);
        bytes32 nonce = authorizationNonce(account, creditMicros, salt);
        uint256 balance = _tokenBalance();
        _receive(payer, tokenAmount, validAfter, validBefore, nonce, signature);
        _checkReceived(balance, tokenAmount);
    }

    /// @inheritdoc ISignedPurchases
    function authorizationNonce(
        address account,
        uint64 creditMicros,
        bytes32 salt
    ) public pure override returns (bytes32 nonce) {
        return keccak256(abi.encode(account, creditMicros, salt));
    }

    /// @dev Ignores a failure: anyone can use the permit up first, and its approval remains.
    ///      Without an approval the purchase reverts when it collects the tokens.
    function _tryPermit(uint256 value, uint256 deadline, bytes calldata signature) private {
        if (signature.length == 65) {
            (bytes32 r, bytes32 s, uint8 v) = _split(signature);
            try
                IERC20Permit(address(TOKEN)).permit(
                    msg.sender,
                    address(this),
                    value,
                    deadline,
                    v,
                    r,
                    s
                )
            {} catch {}
        } else {
            try
                IPaymentToken(address(TOKEN)).permit(
                    msg.sender,
                    address(this),
                    value,
                    deadline,
                    signature
                )
            {} catch {}
        }
    }

    /// @dev Collects `value` from the payer by its authorization. Reverts if the token refuses it.
    function _receive(
        address payer,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) private {
        if (signature.length == 65) {
            (bytes32 r, bytes32 s, uint8 v) = _split(signature);
            IERC3009(address(TOKEN)).receiveWithAuthorization(
                payer,
                address(this),
                value,
                validAfter,
                validBefore,
                nonce,
                v,
                r,
                s
            );
        } else {
            IPaymentToken(address(TOKEN)).receiveWithAuthorization(
                payer,
                address(this),
                value,
                validAfter,
                validBefore,
                nonce,
                signature
            );
        }
    }

    /// @dev Splits a signature of 65 bytes.
    function _split(bytes calldata signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        return (bytes32(signature[:32]), bytes32(signature[32:64]), uint8(signature[64]));
    }
}
