// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Refund requests, and the counter that ends old allowances
interface IRefunds {
    /// @notice An open request.
    /// @param requestedMicros What the account asked for.
    /// @param unspentMicros Its `purchased − refunded` on chain at the request.
    /// @param refundedMicros Its `refunded` on chain at the request.
    /// @param deadline Until when the operator may serve it; afterwards anyone may freeze the vault.
    struct RefundRequest {
        uint64 requestedMicros;
        uint64 unspentMicros;
        uint64 refundedMicros;
        uint40 deadline;
    }

    /// @notice An account asked for unspent credits back. The server lets them be spent no more.
    event RefundRequested(
        address indexed account,
        uint64 requestedMicros,
        uint64 unspentMicros,
        uint64 refundedMicros,
        uint64 counter
    );

    /// @notice The account's request was served: it was refunded what was due, and may make another.
    event RefundServed(address indexed account);

    /// @notice Allowances signed under an earlier counter justify new checkpoints for a grace period only.
    event CounterRaised(address indexed account, uint64 counter);

    /// @notice One request at a time.
    error RefundRequestOpen(address account, uint40 deadline);

    /// @notice The account has fewer credits than that.
    error InsufficientCredits(address account, uint256 available, uint256 needed);

    /// @notice Asks for unspent credits back, and raises the caller's counter. What is due is judged by
    ///         `min(requested, unspent − spent in a final row)`, once the deadline has passed.
    function requestRefund(uint64 creditMicros) external;

    /// @notice Ends all allowances that the caller has signed, and raises its counter.
    function revokeAll() external;

    /// @notice The account's current counter.
    function counterOf(address account) external view returns (uint64);

    /// @notice The account's open request; all zero if there is none.
    function refundRequestOf(address account) external view returns (RefundRequest memory);
}
