// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Deposit addresses: tokens that arrive there become their account's credits
/// @notice Every account has one address for each vault and chain. It follows from the account
///         alone, so it is known before a contract is there. Tokens may come from anybody, an
///         exchange included, by a plain transfer. Anyone may turn them into credits of that
///         account, and nobody can turn them into anything else. Only the account itself can take
///         tokens out instead.
/// @dev This contract has no owner and no changeable state. It never holds tokens.
interface IDepositAddresses {
    /// @notice What is at an account's deposit address.
    /// @param depositAddress Where to send tokens.
    /// @param deployed Whether a contract is there already. Tokens may be sent before.
    /// @param tokenAmount Base units of the vault's token that are there.
    /// @param creditMicros Micro-credits that a sweep would buy now, at the vault's fixed price.
    ///        Zero if the tokens do not buy one micro-credit yet.
    struct Deposit {
        address depositAddress;
        bool deployed;
        uint256 tokenAmount;
        uint64 creditMicros;
    }

    /// @notice `sweepMany` left out an account whose sweep reverted. Its tokens did not move.
    event SweepSkipped(address indexed account);

    /// @notice The account took tokens out of its deposit address.
    /// @param token The ERC-20, or zero for the chain's own coin.
    event DepositWithdrawn(
        address indexed account,
        address indexed token,
        address to,
        uint256 amount
    );

    /// @notice The tokens at the address do not buy one micro-credit. They stay until more arrive.
    error NothingToSweep(address account, uint256 tokenAmount, uint256 neededTokenAmount);

    /// @notice The zero address has no deposit address, and receives nothing.
    error ZeroDepositAccount();

    /// @notice Buys credits for an account with the tokens at its deposit address: as many
    ///         micro-credits as they pay for. `CreditsPurchased` names the deposit address as the
    ///         payer. Reverts if the vault does: it is paused or frozen, or the token takes a fee.
    /// @return creditMicros Micro-credits that the account received.
    function sweep(address account) external returns (uint64 creditMicros);

    /// @notice Sweeps several accounts. One that fails is skipped (`SweepSkipped`).
    /// @dev With too little gas the last accounts are skipped too: do not trust an estimate.
    function sweepMany(address[] calldata accounts) external;

    /// @notice Account: takes tokens out of the caller's deposit address. Also the vault's token,
    ///         at any time.
    function withdraw(address token, address to, uint256 amount) external;

    /// @notice Account: takes out the chain's own coin, which somebody sent by mistake.
    function withdrawNative(address payable to, uint256 amount) external;

    /// @notice Where to send tokens for an account. Reverts for the zero address.
    function depositAddressOf(address account) external view returns (address depositAddress);

    /// @notice What is at the deposit addresses of these accounts.
    function depositsOf(address[] calldata accounts) external view returns (Deposit[] memory);

    /// @notice The vault that sells the credits.
    function vault() external view returns (address);

    /// @notice The one token that buys credits: the vault's.
    function token() external view returns (address);

    /// @notice The code that every deposit address runs.
    function implementation() external view returns (address);
}
