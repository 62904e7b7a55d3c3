// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Buying credits with an approval
/// @notice The buyer chooses an amount of credits. The price in tokens is rounded up by less than
///         one base unit, in favour of the vault.
interface IPurchases {
    /// @notice An account received credits. Every way of buying emits this event once.
    event CreditsPurchased(
        address indexed account,
        address payer,
        uint64 creditMicros,
        uint256 tokenAmount
    );

    /// @notice The purchase would raise the sum of all purchases above the largest int64.
    error TooManyCredits(uint256 totalMicros, uint256 maximumMicros);

    /// @notice Buys credits with the caller's tokens, for the caller or as a gift.
    /// @param account The account that receives the credits. The caller cannot take a gift back.
    /// @param creditMicros Micro-credits to buy. All purchases together stay within int64. The
    ///        wider type only places this function's selector early (decision 0118).
    /// @return tokenAmount The price in token base units, rounded up.
    function buy(address account, uint104 creditMicros) external returns (uint256 tokenAmount);

    /// @notice The price of credits in token base units, rounded up. It never changes.
    function priceOf(uint64 creditMicros) external view returns (uint256 tokenAmount);

    /// @notice What is settled on chain for a party, in cumulative micro-credits.
    function party(
        address account
    ) external view returns (uint64 purchased, uint64 spent, uint64 refunded, uint64 earned);
}
