// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Buying credits with a signature instead of an approval
/// @notice The vault passes a signature of 65 bytes to the token as `v, r, s`. It passes any other
///         signature as `bytes`, the form in which USDC accepts signatures of contract wallets.
interface ISignedPurchases {
    /// @notice Buys with an ERC-2612 permit of the caller. If the permit was used already, the
    ///         purchase goes on with the approval that it gave.
    /// @param deadline The permit's deadline.
    /// @param signature The caller's signature of a permit for exactly the price.
    function buyWithPermit(
        address account,
        uint64 creditMicros,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 tokenAmount);

    /// @notice Buys with an ERC-3009 `ReceiveWithAuthorization` of the payer. Anyone may submit it.
    ///         The signed nonce fixes the account and the amount of credits.
    /// @param payer The address that signed the authorization, to this vault and for exactly the
    ///        price.
    /// @param validAfter The authorization's first bound in time.
    /// @param validBefore The authorization's second bound in time.
    /// @param salt The salt that was given to `authorizationNonce`.
    /// @param signature The payer's signature of the authorization.
    function buyWithAuthorization(
        address account,
        uint64 creditMicros,
        address payer,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external returns (uint256 tokenAmount);

    /// @notice The nonce that the payer signs. It binds the payment to one account and amount, so
    ///         that no submitter can redirect the purchase.
    function authorizationNonce(
        address account,
        uint64 creditMicros,
        bytes32 salt
    ) external pure returns (bytes32 nonce);
}
