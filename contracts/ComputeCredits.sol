// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Checkpoints} from "./vault/Checkpoints.sol";
import {CourtLink} from "./vault/CourtLink.sol";
import {CreditTerms} from "./vault/CreditTerms.sol";
import {CreditToken} from "./vault/CreditToken.sol";
import {Governance} from "./vault/Governance.sol";
import {Settlement} from "./vault/Settlement.sol";
import {SignedPurchases} from "./vault/SignedPurchases.sol";
import {Signers} from "./vault/Signers.sol";
import {TopUps} from "./vault/TopUps.sol";

/// @title Prepaid compute credits: bought with tokens, spent off chain, settled on chain
/// @dev Immutable, without proxy or upgrade. docs/invariants.md lists the invariants I1 to I7.
contract ComputeCredits is CreditToken, SignedPurchases, TopUps, Governance {
    constructor(
        Terms memory terms
    )
        CreditTerms(terms)
        EIP712("ComputeCredits", "1")
        Signers(terms.signers, terms.threshold)
        Checkpoints(terms.guardian)
        Settlement(terms.feeRecipient)
        CourtLink(terms)
        Ownable(terms.owner)
    {}
}
