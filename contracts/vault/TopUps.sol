// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITopUps} from "../interfaces/ITopUps.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Purchases} from "./Purchases.sol";

/// @title Automatic top-ups within signed limits
/// @dev Invariant: no period of a policy buys more than the payer signed.
abstract contract TopUps is ITopUps, Purchases {
    using Signatures for address;

    /// @dev What a policy bought in the last period that it was used in, and whether it is revoked.
    struct TopUpUse {
        uint64 period;
        uint64 boughtMicros;
        bool revoked;
    }

    bytes32 private constant TOP_UP_POLICY_TYPEHASH = keccak256(
        "TopUpPolicy(address account,address payer,address keeper,uint64 creditMicrosPerTopUp,"
        "uint64 maxCreditMicrosPerPeriod,uint64 periodSeconds,uint64 startsAt,uint64 expiresAt,"
        "uint256 salt)"
    );

    /// @inheritdoc ITopUps
    mapping(bytes32 policyHash => TopUpUse use) public override topUpState;

    /// @inheritdoc ITopUps
    function topUp(
        TopUpPolicy calldata policy,
        bytes calldata signature
    ) external override nonReentrant returns (uint256 tokenAmount) {
        require(msg.sender == policy.keeper, NotKeeper(msg.sender, policy.keeper));
        bytes32 policyHash = hashTopUpPolicy(policy);
        require(policy.payer.isValid(policyHash, signature), InvalidPolicySignature(policy.payer));
        _useWithinLimit(policyHash, policy);
        return _buy(policy.account, policy.payer, policy.creditMicrosPerTopUp);
    }

    /// @inheritdoc ITopUps
    function revokeTopUp(TopUpPolicy calldata policy) external override {
        require(msg.sender == policy.payer, NotPayer(msg.sender, policy.payer));
        bytes32 policyHash = hashTopUpPolicy(policy);
        topUpState[policyHash].revoked = true;
        emit TopUpRevoked(policyHash, msg.sender);
    }

    /// @inheritdoc ITopUps
    function hashTopUpPolicy(
        TopUpPolicy calldata policy
    ) public view override returns (bytes32 digest) {
        return _hashTypedDataV4(keccak256(abi.encode(TOP_UP_POLICY_TYPEHASH, policy)));
    }

    /// @dev Counts one top-up in its period. Reverts if the policy is not in force or its limit is
    ///      reached.
    function _useWithinLimit(bytes32 policyHash, TopUpPolicy calldata policy) private {
        TopUpUse memory use = topUpState[policyHash];
        require(!use.revoked, TopUpPolicyRevoked(policyHash));
        require(
            block.timestamp >= policy.startsAt && block.timestamp < policy.expiresAt,
            TopUpNotInForce(block.timestamp, policy.startsAt, policy.expiresAt)
        );
        uint64 period =
            policy.periodSeconds == 0
                ? 0
                : uint64((block.timestamp - policy.startsAt) / policy.periodSeconds);
        if (period != use.period) (use.period, use.boughtMicros) = (period, 0);
        uint256 bought = uint256(use.boughtMicros) + policy.creditMicrosPerTopUp;
        require(
            bought <= policy.maxCreditMicrosPerPeriod,
            TopUpLimitReached(bought, policy.maxCreditMicrosPerPeriod)
        );
        use.boughtMicros = uint64(bought);
        topUpState[policyHash] = use;
        emit ToppedUp(policyHash, period, use.boughtMicros);
    }
}
