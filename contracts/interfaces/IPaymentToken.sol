// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title USDC's variants of ERC-2612 and ERC-3009 that accept any kind of signature
/// @dev OpenZeppelin declares the variants with `v, r, s`.
interface IPaymentToken {
    /// @notice Sets an allowance by the owner's signature, as ERC-2612 does.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Moves tokens to the caller by the payer's signature, as ERC-3009 does.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
