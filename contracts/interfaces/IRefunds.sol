// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Refund requests, and the counter that ends old allowances
interface IRefunds {
    /// @notice An open refund request.
    /// @param requestedMicros Micro-credits that the account asked for.
    /// @param unspentMicros The account's `purchased − refunded` on chain at the request.
    /// @param refundedMicros The account's `refunded` on chain at the request.
    /// @param deadline The last second in which the operator can serve the request. After it anyone
    ///        may freeze the vault.
    struct RefundRequest {
        uint64 requestedMicros;
        uint64 unspentMicros;
        uint64 refundedMicros;
        uint40 deadline;
    }

    /// @notice An account asked for unspent credits back. The server stops spending of these
    ///         credits.
    event RefundRequested(
        address indexed account,
        uint64 requestedMicros,
        uint64 unspentMicros,
        uint64 refundedMicros,
        uint64 counter
    );

    /// @notice Nothing of the account's request is due any more: it was refunded, or the credits
    ///         were spent. It may make another request.
    /// @param refundedMicros Micro-credits that were paid back since the request. It is less than
    ///        requested if settled spending left less.
    event RefundServed(address indexed account, uint64 refundedMicros);

    /// @notice The account's counter was raised. Allowances signed under an earlier counter cover
    ///         new checkpoints for `counterGraceSeconds` more.
    event CounterRaised(address indexed account, uint64 counter);

    /// @notice The account already has an open request.
    error RefundRequestOpen(address account, uint40 deadline);

    /// @notice The account has fewer unspent credits than it asks for.
    error InsufficientCredits(address account, uint256 available, uint256 needed);

    /// @notice Asks for unspent credits back, and raises the caller's counter. After the deadline
    ///         `min(requested, unspent − spent)` is due, with `spent` as the settled row says.
    function requestRefund(uint64 creditMicros) external;

    /// @notice Ends all allowances that the caller has signed, by raising its counter.
    function revokeAll() external;

    /// @notice The account's current counter.
    function counterOf(address account) external view returns (uint64);

    /// @notice The account's open request; all zero if it has none.
    function refundRequestOf(address account) external view returns (RefundRequest memory);
}
