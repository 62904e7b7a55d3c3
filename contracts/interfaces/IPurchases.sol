// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Buying credits
/// @notice The buyer names credits; the token price is rounded up, to the vault's side, by less than one base unit.
interface IPurchases {
    /// @notice Every way of buying emits this, once.
    event CreditsPurchased(
        address indexed account,
        address indexed payer,
        uint64 creditMicros,
        uint256 tokenAmount
    );

    /// @notice All amounts stay within a signed 64-bit number.
    error TooManyCredits(uint256 totalMicros, uint256 maximumMicros);

    /// @notice Buys credits with the caller's tokens, for the caller or as a gift.
    /// @param account Who gets the credits. A gift can't be taken back.
    /// @param creditMicros How many micro-credits.
    /// @return tokenAmount What it cost.
    function buy(address account, uint64 creditMicros) external returns (uint256 tokenAmount);

    /// @notice What credits cost now and for ever.
    function priceOf(uint64 creditMicros) external view returns (uint256 tokenAmount);

    /// @notice What the chain knows of a party, in cumulative micro-credits.
    function party(
        address account
    ) external view returns (uint64 purchased, uint64 spent, uint64 refunded, uint64 earned);
}
