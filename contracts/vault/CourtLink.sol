// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourtLink} from "../interfaces/ICourtLink.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {Court} from "../Court.sol";
import {Exits} from "./Exits.sol";

/// @title The vault's side of disputes
/// @dev Deploys the court in the constructor, so that one transaction deploys both contracts and
///      neither can be replaced.
abstract contract CourtLink is ICourtLink, Exits {
    /// @inheritdoc ICourtLink
    address public immutable override court;

    /// @dev Reverts unless the court calls.
    modifier onlyCourt() {
        require(msg.sender == court, NotCourt(msg.sender));
        _;
    }

    constructor(Terms memory terms) {
        court = address(new Court(terms));
    }

    /// @inheritdoc ICourtLink
    function dropPending() external override onlyCourt {
        _drop(_requirePending());
    }

    /// @inheritdoc ICourtLink
    function setFinalAt(uint40 finalAt) external override onlyCourt {
        _postpone(_requirePending(), finalAt);
    }

    /// @inheritdoc ICourtLink
    function freezeWithCover(uint64 creditMicros) external override onlyCourt {
        _covered += creditMicros;
        if (_frozenAt == 0) _freeze();
    }

    /// @inheritdoc ICourtLink
    function requireQuorum(
        bytes32 digest,
        SignerSignature[] calldata signatures
    ) external view override {
        _checkQuorum(_generation, _threshold, digest, signatures);
    }

    /// @inheritdoc ICourtLink
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view override returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc ICourtLink
    function coveredMicros() external view override returns (uint64) {
        return _covered;
    }

    /// @inheritdoc ICourtLink
    function drops() external view override returns (uint64) {
        return _drops;
    }

    /// @inheritdoc ICourtLink
    function wasDroppedBetween(
        uint64 epoch,
        uint64 first,
        uint64 second
    ) external view override returns (bool) {
        return _wasDroppedBetween(epoch, first, second);
    }

    /// @inheritdoc ICourtLink
    function counterEndedAt(
        address account,
        uint64 counter
    ) external view override returns (uint40) {
        return _counterEndedAt[account][counter];
    }

    /// @dev Asks the court how much of the account's spending its signature covers.
    function _coveredSpentOf(address account) internal view override returns (uint64) {
        return IDisputes(court).coveredSpentOf(account);
    }
}
