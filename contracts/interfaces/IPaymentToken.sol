// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title USDC's variants of ERC-2612 and ERC-3009 that take any kind of signature
/// @dev OpenZeppelin has the `v, r, s` ones.
interface IPaymentToken {
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external;

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
