// accounts: what processes share about a service besides its bill, as JSON. Called by SQLiteLedger.

import Foundation
import GRDB
import VectorStoreEmbedding

enum AccountsTable {
  /// The state of an account. One that this version cannot read is begun anew: it is learned again
  /// from the next answers.
  static func state(of account: String, _ db: Database) throws -> AccountState {
    let statement = try db.cachedStatement(sql: "SELECT state FROM accounts WHERE account = ?")
    guard let json = try Data.fetchOne(statement, arguments: [account]) else {
      return AccountState()
    }
    return (try? JSONDecoder().decode(AccountState.self, from: json)) ?? AccountState()
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
