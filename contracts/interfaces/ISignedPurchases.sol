// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Buying credits in one transaction, with a signature instead of an approval
/// @notice A signature of 65 bytes is handed to the token as `v, r, s`; any other as `bytes`, as USDC takes them from
///         contract wallets.
interface ISignedPurchases {
    /// @notice Buys with an ERC-2612 permit of the caller. A permit that somebody has used up already does no harm:
    ///         the approval that it gave is there.
    function buyWithPermit(
        address account,
        uint64 creditMicros,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 tokenAmount);

    /// @notice Buys with an ERC-3009 `ReceiveWithAuthorization` that the payer signed for this contract and for
    ///         exactly the price. Anyone may submit it; its nonce binds who gets the credits, and how many.
    /// @param salt What was given to `authorizationNonce`.
    function buyWithAuthorization(
        address account,
        uint64 creditMicros,
        address payer,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external returns (uint256 tokenAmount);

    /// @notice The nonce that the payer signs, so that nobody can redirect the purchase.
    function authorizationNonce(
        address account,
        uint64 creditMicros,
        bytes32 salt
    ) external pure returns (bytes32 nonce);
}
