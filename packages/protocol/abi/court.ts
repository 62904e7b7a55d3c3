// Written by `npm run compiled` from the built contract.
export const courtAbi = [
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "token",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "creditMicrosPerToken",
            "type": "uint64"
          },
          {
            "internalType": "uint16",
            "name": "maxFeeBps",
            "type": "uint16"
          },
          {
            "internalType": "uint32",
            "name": "disputeWindowSeconds",
            "type": "uint32"
          },
          {
            "internalType": "uint32",
            "name": "answerWindowSeconds",
            "type": "uint32"
          },
          {
            "internalType": "uint32",
            "name": "refundWindowSeconds",
            "type": "uint32"
          },
          {
            "internalType": "uint32",
            "name": "exitGraceSeconds",
            "type": "uint32"
          },
          {
            "internalType": "uint32",
            "name": "counterGraceSeconds",
            "type": "uint32"
          },
          {
            "internalType": "uint32",
            "name": "signerDelaySeconds",
            "type": "uint32"
          },
          {
            "internalType": "uint64",
            "name": "unprovenLimitMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint128",
            "name": "challengeStakeWei",
            "type": "uint128"
          },
          {
            "internalType": "address",
            "name": "owner",
            "type": "address"
          },
          {
            "internalType": "address",
            "name": "guardian",
            "type": "address"
          },
          {
            "internalType": "address",
            "name": "feeRecipient",
            "type": "address"
          },
          {
            "internalType": "address[]",
            "name": "signers",
            "type": "address[]"
          },
          {
            "internalType": "uint8",
            "name": "threshold",
            "type": "uint8"
          }
        ],
        "internalType": "struct ITerms.Terms",
        "name": "terms",
        "type": "tuple"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "constructor"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "now_",
        "type": "uint256"
      },
      {
        "internalType": "uint40",
        "name": "deadline",
        "type": "uint40"
      }
    ],
    "name": "AnswerStillPossible",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "now_",
        "type": "uint256"
      },
      {
        "internalType": "uint40",
        "name": "deadline",
        "type": "uint40"
      }
    ],
    "name": "AnswerTooLate",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "now_",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "effectiveAt",
        "type": "uint256"
      }
    ],
    "name": "BondLocked",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "now_",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "expiry",
        "type": "uint256"
      }
    ],
    "name": "BondWithdrawalExpired",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      }
    ],
    "name": "ChallengeOpen",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "uint64",
        "name": "counter",
        "type": "uint64"
      }
    ],
    "name": "CounterEnded",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "now_",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "finalAt",
        "type": "uint256"
      }
    ],
    "name": "DisputeWindowOver",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "epoch",
        "type": "uint256"
      }
    ],
    "name": "EpochNotFinal",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "FailedCall",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint64",
        "name": "asOf",
        "type": "uint64"
      },
      {
        "internalType": "uint256",
        "name": "signersSince",
        "type": "uint256"
      }
    ],
    "name": "FormerSigners",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "provider",
        "type": "address"
      },
      {
        "internalType": "uint64",
        "name": "earned",
        "type": "uint64"
      }
    ],
    "name": "HigherReceiptRegistered",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "balance",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "needed",
        "type": "uint256"
      }
    ],
    "name": "InsufficientBalance",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "signer",
        "type": "address"
      }
    ],
    "name": "InvalidSignature",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "rows",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "proofs",
        "type": "uint256"
      }
    ],
    "name": "LengthMismatch",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "uint64",
        "name": "finalSpent",
        "type": "uint64"
      },
      {
        "internalType": "uint64",
        "name": "spent",
        "type": "uint64"
      }
    ],
    "name": "NewSpending",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      }
    ],
    "name": "NoChallenge",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NoEquivocation",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NoFraud",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NoPendingCheckpoint",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "provider",
        "type": "address"
      }
    ],
    "name": "NoRegisteredReceipt",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "party",
        "type": "address"
      }
    ],
    "name": "NoReward",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "provider",
        "type": "address"
      }
    ],
    "name": "NoShortfall",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "NoStake",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "uint64",
        "name": "accountCap",
        "type": "uint64"
      },
      {
        "internalType": "uint64",
        "name": "spent",
        "type": "uint64"
      }
    ],
    "name": "NotCovered",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "caller",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "owner",
        "type": "address"
      }
    ],
    "name": "NotOwner",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "NothingToAnswer",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NothingToCover",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "previous",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "party",
        "type": "address"
      }
    ],
    "name": "PartiesNotAscending",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "party",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "expected",
        "type": "address"
      }
    ],
    "name": "PartyMismatch",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint64",
        "name": "epoch",
        "type": "uint64"
      },
      {
        "internalType": "uint64",
        "name": "lastEpoch",
        "type": "uint64"
      }
    ],
    "name": "ReceiptNotDue",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "ReentrancyGuardReentrantCall",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "RowFallsShort",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "party",
        "type": "address"
      },
      {
        "internalType": "bytes32",
        "name": "root",
        "type": "bytes32"
      }
    ],
    "name": "RowNotInCheckpoint",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "token",
        "type": "address"
      }
    ],
    "name": "SafeERC20FailedOperation",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "weiAmount",
        "type": "uint256"
      }
    ],
    "name": "StakeRefused",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "received",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "expected",
        "type": "uint256"
      }
    ],
    "name": "TokenAmountMismatch",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint40",
        "name": "frozenAt",
        "type": "uint40"
      }
    ],
    "name": "VaultFrozen",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "sent",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "needed",
        "type": "uint256"
      }
    ],
    "name": "WrongStake",
    "type": "error"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "by",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "tokenAmount",
        "type": "uint256"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "bond",
        "type": "uint256"
      }
    ],
    "name": "BondDeposited",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "effectiveAt",
        "type": "uint256"
      }
    ],
    "name": "BondWithdrawalAnnounced",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "tokenAmount",
        "type": "uint256"
      }
    ],
    "name": "BondWithdrawn",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "uint64",
        "name": "epoch",
        "type": "uint64"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "provider",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "rewardTokens",
        "type": "uint256"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "coverTokens",
        "type": "uint256"
      }
    ],
    "name": "CameShort",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "uint64",
        "name": "counter",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "accountCap",
        "type": "uint64"
      }
    ],
    "name": "CapRecorded",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "answerer",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "spent",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "refunded",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "earned",
        "type": "uint64"
      }
    ],
    "name": "ChallengeAnswered",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      }
    ],
    "name": "ChallengeUnanswered",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "epoch",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "spent",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "refunded",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "earned",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "deadline",
        "type": "uint64"
      }
    ],
    "name": "Challenged",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [],
    "name": "EIP712DomainChanged",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "uint64",
        "name": "epoch",
        "type": "uint64"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "reporter",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "rewardTokens",
        "type": "uint256"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "coverTokens",
        "type": "uint256"
      }
    ],
    "name": "Equivocated",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "tokenAmount",
        "type": "uint256"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "creditMicros",
        "type": "uint64"
      }
    ],
    "name": "ExitsCovered",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "provider",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "earned",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "epoch",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "until",
        "type": "uint64"
      }
    ],
    "name": "ReceiptRegistered",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "party",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "tokenAmount",
        "type": "uint256"
      }
    ],
    "name": "RewardPaid",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "uint64",
        "name": "counter",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "spent",
        "type": "uint64"
      }
    ],
    "name": "SpendingCovered",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "weiAmount",
        "type": "uint256"
      }
    ],
    "name": "StakeWithdrawn",
    "type": "event"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      }
    ],
    "name": "announceBondWithdrawal",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "row",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proof",
        "type": "bytes32[]"
      },
      {
        "internalType": "uint64",
        "name": "counter",
        "type": "uint64"
      }
    ],
    "name": "answer",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "row",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proof",
        "type": "bytes32[]"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "finalRow",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "finalProof",
        "type": "bytes32[]"
      }
    ],
    "name": "answerWithFinalRow",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "bond",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      }
    ],
    "name": "bondWithdrawalAt",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "timestamp",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "provider",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "epoch",
            "type": "uint64"
          }
        ],
        "internalType": "struct IDisputes.EarningsReceipt",
        "name": "receipt",
        "type": "tuple"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "signer",
            "type": "address"
          },
          {
            "internalType": "bytes",
            "name": "signature",
            "type": "bytes"
          }
        ],
        "internalType": "struct ICreditTypes.SignerSignature[]",
        "name": "signatures",
        "type": "tuple[]"
      }
    ],
    "name": "challengeEarnings",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      }
    ],
    "name": "challengeOf",
    "outputs": [
      {
        "components": [
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          },
          {
            "internalType": "uint40",
            "name": "deadline",
            "type": "uint40"
          },
          {
            "internalType": "uint24",
            "name": "drops",
            "type": "uint24"
          }
        ],
        "internalType": "struct IDisputes.Challenge",
        "name": "",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "row",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proof",
        "type": "bytes32[]"
      }
    ],
    "name": "challengeOmission",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "provider",
        "type": "address"
      }
    ],
    "name": "challengeRegisteredEarnings",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "row",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proof",
        "type": "bytes32[]"
      }
    ],
    "name": "challengeRow",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "coverExits",
    "outputs": [
      {
        "internalType": "uint64",
        "name": "creditMicros",
        "type": "uint64"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "coverOwed",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "row",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proof",
        "type": "bytes32[]"
      },
      {
        "internalType": "uint64",
        "name": "counter",
        "type": "uint64"
      }
    ],
    "name": "coverSpending",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "coveredSpentOf",
    "outputs": [
      {
        "internalType": "uint64",
        "name": "spent",
        "type": "uint64"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "tokenAmount",
        "type": "uint256"
      }
    ],
    "name": "depositBond",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "challenger",
        "type": "address"
      }
    ],
    "name": "dropUnanswered",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "eip712Domain",
    "outputs": [
      {
        "internalType": "bytes1",
        "name": "fields",
        "type": "bytes1"
      },
      {
        "internalType": "string",
        "name": "name",
        "type": "string"
      },
      {
        "internalType": "string",
        "name": "version",
        "type": "string"
      },
      {
        "internalType": "uint256",
        "name": "chainId",
        "type": "uint256"
      },
      {
        "internalType": "address",
        "name": "verifyingContract",
        "type": "address"
      },
      {
        "internalType": "bytes32",
        "name": "salt",
        "type": "bytes32"
      },
      {
        "internalType": "uint256[]",
        "name": "extensions",
        "type": "uint256[]"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "account",
            "type": "address"
          },
          {
            "internalType": "bytes32",
            "name": "spender",
            "type": "bytes32"
          },
          {
            "internalType": "uint64",
            "name": "limit",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "period",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "rollover",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "startsAt",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "expiresAt",
            "type": "uint64"
          },
          {
            "internalType": "uint8",
            "name": "priority",
            "type": "uint8"
          },
          {
            "internalType": "bytes32",
            "name": "scope",
            "type": "bytes32"
          },
          {
            "internalType": "uint64",
            "name": "accountCap",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "counter",
            "type": "uint64"
          },
          {
            "internalType": "uint256",
            "name": "salt",
            "type": "uint256"
          }
        ],
        "internalType": "struct IDisputes.Allowance",
        "name": "allowance",
        "type": "tuple"
      }
    ],
    "name": "hashAllowance",
    "outputs": [
      {
        "internalType": "bytes32",
        "name": "digest",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "provider",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "epoch",
            "type": "uint64"
          }
        ],
        "internalType": "struct IDisputes.EarningsReceipt",
        "name": "receipt",
        "type": "tuple"
      }
    ],
    "name": "hashEarningsReceipt",
    "outputs": [
      {
        "internalType": "bytes32",
        "name": "digest",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "party",
        "type": "address"
      }
    ],
    "name": "payReward",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "tokenAmount",
        "type": "uint256"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "uint64",
            "name": "epoch",
            "type": "uint64"
          },
          {
            "internalType": "bytes32",
            "name": "previousRoot",
            "type": "bytes32"
          },
          {
            "internalType": "bytes32",
            "name": "root",
            "type": "bytes32"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "asOf",
            "type": "uint64"
          },
          {
            "internalType": "bytes32",
            "name": "dataHash",
            "type": "bytes32"
          }
        ],
        "internalType": "struct ICreditTypes.Checkpoint",
        "name": "a",
        "type": "tuple"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "signer",
            "type": "address"
          },
          {
            "internalType": "bytes",
            "name": "signature",
            "type": "bytes"
          }
        ],
        "internalType": "struct ICreditTypes.SignerSignature[]",
        "name": "signaturesOfA",
        "type": "tuple[]"
      },
      {
        "components": [
          {
            "internalType": "uint64",
            "name": "epoch",
            "type": "uint64"
          },
          {
            "internalType": "bytes32",
            "name": "previousRoot",
            "type": "bytes32"
          },
          {
            "internalType": "bytes32",
            "name": "root",
            "type": "bytes32"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "asOf",
            "type": "uint64"
          },
          {
            "internalType": "bytes32",
            "name": "dataHash",
            "type": "bytes32"
          }
        ],
        "internalType": "struct ICreditTypes.Checkpoint",
        "name": "b",
        "type": "tuple"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "signer",
            "type": "address"
          },
          {
            "internalType": "bytes",
            "name": "signature",
            "type": "bytes"
          }
        ],
        "internalType": "struct ICreditTypes.SignerSignature[]",
        "name": "signaturesOfB",
        "type": "tuple[]"
      }
    ],
    "name": "proveEquivocation",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row[]",
        "name": "rows",
        "type": "tuple[]"
      },
      {
        "internalType": "bytes32[][]",
        "name": "proofs",
        "type": "bytes32[][]"
      }
    ],
    "name": "proveFraud",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "row",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proof",
        "type": "bytes32[]"
      }
    ],
    "name": "proveShortfall",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "before",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proofBefore",
        "type": "bytes32[]"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "party",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "spent",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refunded",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          }
        ],
        "internalType": "struct ICreditTypes.Row",
        "name": "row",
        "type": "tuple"
      },
      {
        "internalType": "bytes32[]",
        "name": "proof",
        "type": "bytes32[]"
      }
    ],
    "name": "proveShrunk",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "reclaimStake",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "account",
            "type": "address"
          },
          {
            "internalType": "bytes32",
            "name": "spender",
            "type": "bytes32"
          },
          {
            "internalType": "uint64",
            "name": "limit",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "period",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "rollover",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "startsAt",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "expiresAt",
            "type": "uint64"
          },
          {
            "internalType": "uint8",
            "name": "priority",
            "type": "uint8"
          },
          {
            "internalType": "bytes32",
            "name": "scope",
            "type": "bytes32"
          },
          {
            "internalType": "uint64",
            "name": "accountCap",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "counter",
            "type": "uint64"
          },
          {
            "internalType": "uint256",
            "name": "salt",
            "type": "uint256"
          }
        ],
        "internalType": "struct IDisputes.Allowance",
        "name": "allowance",
        "type": "tuple"
      },
      {
        "internalType": "bytes",
        "name": "signature",
        "type": "bytes"
      }
    ],
    "name": "recordCap",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "uint64",
        "name": "counter",
        "type": "uint64"
      }
    ],
    "name": "recordedCap",
    "outputs": [
      {
        "internalType": "uint64",
        "name": "accountCap",
        "type": "uint64"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "provider",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "epoch",
            "type": "uint64"
          }
        ],
        "internalType": "struct IDisputes.EarningsReceipt",
        "name": "receipt",
        "type": "tuple"
      },
      {
        "components": [
          {
            "internalType": "address",
            "name": "signer",
            "type": "address"
          },
          {
            "internalType": "bytes",
            "name": "signature",
            "type": "bytes"
          }
        ],
        "internalType": "struct ICreditTypes.SignerSignature[]",
        "name": "signatures",
        "type": "tuple[]"
      }
    ],
    "name": "registerReceipt",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "provider",
        "type": "address"
      }
    ],
    "name": "registeredReceiptOf",
    "outputs": [
      {
        "components": [
          {
            "internalType": "uint64",
            "name": "earned",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "epoch",
            "type": "uint64"
          },
          {
            "internalType": "uint40",
            "name": "until",
            "type": "uint40"
          }
        ],
        "internalType": "struct IDisputes.RegisteredReceipt",
        "name": "",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "party",
        "type": "address"
      }
    ],
    "name": "rewardOf",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "tokenAmount",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "stakeOf",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "weiAmount",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "vault",
    "outputs": [
      {
        "internalType": "address",
        "name": "",
        "type": "address"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "recipient",
        "type": "address"
      }
    ],
    "name": "withdrawBond",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address payable",
        "name": "recipient",
        "type": "address"
      }
    ],
    "name": "withdrawStake",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  }
] as const;
