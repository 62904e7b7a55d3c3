// Written by `npm run compiled` from the built contract.
export const creditsLensAbi = [
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
    "inputs": [],
    "name": "NoPendingCheckpoint",
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
        "internalType": "contract IComputeCredits",
        "name": "vault",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "accountOf",
    "outputs": [
      {
        "components": [
          {
            "internalType": "uint256",
            "name": "balance",
            "type": "uint256"
          },
          {
            "internalType": "uint64",
            "name": "purchased",
            "type": "uint64"
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
            "components": [
              {
                "internalType": "uint64",
                "name": "requestedMicros",
                "type": "uint64"
              },
              {
                "internalType": "uint64",
                "name": "unspentMicros",
                "type": "uint64"
              },
              {
                "internalType": "uint64",
                "name": "refundedMicros",
                "type": "uint64"
              },
              {
                "internalType": "uint40",
                "name": "deadline",
                "type": "uint40"
              }
            ],
            "internalType": "struct IRefunds.RefundRequest",
            "name": "request",
            "type": "tuple"
          },
          {
            "internalType": "uint64",
            "name": "dueMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint256",
            "name": "owedTokens",
            "type": "uint256"
          },
          {
            "internalType": "address",
            "name": "recipient",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "counter",
            "type": "uint64"
          },
          {
            "internalType": "uint40",
            "name": "counterRaisedAt",
            "type": "uint40"
          },
          {
            "internalType": "uint40",
            "name": "counterGraceEndsAt",
            "type": "uint40"
          },
          {
            "internalType": "uint64",
            "name": "coveredSpentMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint40",
            "name": "frozenAt",
            "type": "uint40"
          }
        ],
        "internalType": "struct ICreditsLens.AccountView",
        "name": "shown",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "contract IComputeCredits",
        "name": "vault",
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
      }
    ],
    "name": "claimOf",
    "outputs": [
      {
        "components": [
          {
            "internalType": "uint64",
            "name": "spentMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "refundedMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "earnedMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint256",
            "name": "payoutTokens",
            "type": "uint256"
          }
        ],
        "internalType": "struct ICreditsLens.ClaimView",
        "name": "shown",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "contract IComputeCredits",
        "name": "vault",
        "type": "address"
      }
    ],
    "name": "claimableFees",
    "outputs": [
      {
        "internalType": "uint64",
        "name": "creditMicros",
        "type": "uint64"
      },
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
        "internalType": "contract IComputeCredits",
        "name": "vault",
        "type": "address"
      }
    ],
    "name": "vaultOf",
    "outputs": [
      {
        "components": [
          {
            "internalType": "uint256",
            "name": "supply",
            "type": "uint256"
          },
          {
            "internalType": "uint64",
            "name": "purchased",
            "type": "uint64"
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
            "name": "fees",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "coveredMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "unspentPoolMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint64",
            "name": "claimableFeesMicros",
            "type": "uint64"
          },
          {
            "internalType": "uint256",
            "name": "claimableFeesTokens",
            "type": "uint256"
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
                "name": "finalAt",
                "type": "uint64"
              }
            ],
            "internalType": "struct ICreditTypes.CheckpointRecord",
            "name": "finalCheckpoint",
            "type": "tuple"
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
                "name": "finalAt",
                "type": "uint64"
              }
            ],
            "internalType": "struct ICreditTypes.CheckpointRecord",
            "name": "pendingCheckpoint",
            "type": "tuple"
          },
          {
            "internalType": "uint256",
            "name": "bondTokens",
            "type": "uint256"
          },
          {
            "internalType": "uint256",
            "name": "heldTokens",
            "type": "uint256"
          },
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
            "internalType": "uint64",
            "name": "unprovenLimitMicros",
            "type": "uint64"
          },
          {
            "components": [
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
              }
            ],
            "internalType": "struct ICreditsLens.WindowsView",
            "name": "windows",
            "type": "tuple"
          },
          {
            "internalType": "uint40",
            "name": "frozenAt",
            "type": "uint40"
          },
          {
            "internalType": "bool",
            "name": "paused",
            "type": "bool"
          }
        ],
        "internalType": "struct ICreditsLens.VaultView",
        "name": "shown",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  }
] as const;
