// What was learned of embedding servers, in a small file of the user's beside the ledger.

import Foundation
import GRDB
import Logging
import VectorStoreEmbedding

/// Profiles by address and model, never by key, shared by the user's processes.
///
/// It only saves requests: whatever goes wrong with it is a server that is not known yet, and a damaged
/// file is set aside for a new one.
final class ServerProfilesFile: ServerProfiles {
  /// `application_id` of the file: "VSrv" in ASCII.
  static let applicationID: Int32 = 0x5653_7276

  private static let form = UserDatabase.Form(
    label: "vector-store.servers", applicationID: applicationID,
    migrations: [
      """
      CREATE TABLE servers (
        address TEXT NOT NULL,
        model TEXT NOT NULL,
        -- JSON of a ServerProfile.
        profile TEXT NOT NULL,
        PRIMARY KEY (address, model)
      ) STRICT, WITHOUT ROWID;
      """
    ],
    settings: """
      PRAGMA journal_mode = TRUNCATE;
      PRAGMA synchronous = NORMAL;
      """,
    patience: 100)

  private let database: UserDatabase
  private let logger: Logger

  /// Names the file `servers.db` beside a ledger. Touches nothing yet.
  init(besideLedger path: String, logger: Logger) {
    database = UserDatabase(path: Self.path(besideLedger: path), form: Self.form)
    self.logger = logger
  }

  /// The file's path, by that of a ledger.
  static func path(besideLedger path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "servers.db" : folder + "/servers.db"
  }

  func profile(ofServer server: String, model: String) async -> ServerProfile? {
    let json = await quietly("read") { [database] in
      try await database.read {
        try String.fetchOne(
          $0, sql: "SELECT profile FROM servers WHERE address = ? AND model = ?",
          arguments: [server, model])
      } ?? nil
    }
    return json.flatMap { try? JSONDecoder().decode(ServerProfile.self, from: Data($0.utf8)) }
  }

  func keep(_ profile: ServerProfile, ofServer server: String, model: String) async {
    guard let json = try? JSONEncoder().encode(profile) else { return }
    let text = String(decoding: json, as: UTF8.self)
    _ = await quietly("write") { [database] in
      try await database.write { db -> String? in
        try db.execute(
          sql: "INSERT OR REPLACE INTO servers(address, model, profile) VALUES (?, ?, ?)",
          arguments: [server, model, text])
        return nil
      }
    }
  }

  /// Runs `body`; on any trouble logs a line, and sets a damaged file aside for a new one.
  private func quietly(
    _ verb: String, _ body: @Sendable () async throws -> String?
  ) async -> String? {
    do {
      return try await body()
    } catch {
      logger.debug("cannot \(verb) what was learned of servers in \(database.path): \(error)")
      let damage: [ResultCode] = [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR]
      if let code = (error as? DatabaseError)?.resultCode, damage.contains(code) {
        _ = try? await database.setAside()
      }
      return nil
    }
  }
}
