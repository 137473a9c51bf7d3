// accounts: what processes share about a service besides its bill, as JSON. Called by SQLiteLedger.

import Foundation
import GRDB
import VectorStoreEmbedding

enum AccountsTable {
  /// The state of an account. One that this version cannot read is begun anew: it is learned again
  /// from the next answers.
  static func state(of account: String, _ db: Database) throws -> AccountState {
    var json = Data()
    try db.forEachRawRow(bulk: "SELECT state FROM accounts WHERE account = ?", .text(account)) {
      json = Data($0.blob(0))
    }
    guard isPossible(try? JSONSerialization.jsonObject(with: json)),
      let state = try? JSONDecoder().decode(AccountState.self, from: json)
    else { return AccountState() }
    return state
  }

  /// Whether all numbers are such as times in seconds, limits and counts can be.
  private static func isPossible(_ value: Any?) -> Bool {
    switch value {
    case let number as NSNumber: abs(number.doubleValue) <= 1e11
    case let values as [Any]: values.allSatisfy(isPossible)
    case let members as [String: Any]: members.values.allSatisfy(isPossible)
    default: true
    }
  }

  static func store(_ state: AccountState, of account: String, _ db: Database) throws {
    let json = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    try db.cachedStatement(
      sql: """
        INSERT INTO accounts(account, state) VALUES (?, ?)
        ON CONFLICT(account) DO UPDATE SET state = excluded.state
        """
    ).execute(arguments: [account, json])
  }
}
