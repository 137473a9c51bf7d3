// Keeps a stranger's schema from being run: every read and write of a store first looks whether the
// file declares what this program declares.

import GRDB
import Synchronization

/// Looks at a file's schema when it is opened, and again after each change of it.
final class SchemaGuard: Sendable {
  private let path: String
  /// `schema_version` as it was when the schema was found right.
  private let checked = Mutex<Int32?>(nil)

  init(path: String) {
    self.path = path
  }

  /// Throws unless the file declares what this program does. Called inside each transaction.
  ///
  /// - Complexity: one pragma, unless the schema has changed.
  func check(_ db: Database) throws {
    let cookie = try Int32.fetchOne(db.cachedStatement(sql: "PRAGMA schema_version"))
    guard cookie == nil || checked.withLock({ $0 }) != cookie else { return }
    try Self.check(db, path: path)
    checked.withLock { $0 = cookie }
  }

  /// Compares a file of any known format with what the migrations up to that format make.
  ///
  /// - Throws: ``StoreError`` with `foreignSchema` or `tooNew`.
  static func check(_ db: Database, path: String) throws {
    let format = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard format <= Schema.version else { throw StoreError.tooNew(path, format: format) }
    guard format > 0 else {
      throw StoreError(
        .damaged,
        "\(path) is damaged: its format is \(format), expected 1 to \(Schema.version); "
          + StoreError.restoring(path))
    }
    // Most files are as this version makes them, and nothing has to be made to compare them with.
    if format == Schema.version, try DeclaredSchema(db).fingerprint == Schema.fingerprint { return }
    let differences = try SchemaDifferences(db, format: format)
    if let error = differences.error(path: path, format: format) { throw error }
  }
}

extension SchemaDifferences {
  /// The error that names the first difference and the next step; nil where there is none.
  fileprivate func error(path: String, format: Int32) -> StoreError? {
    let all = missing.count + changed.count + extra.count + searchOptions.count
    let others = all > 1 ? " (\(all) differences in all; doctor lists them)" : ""
    func error(_ what: String, _ advice: String) -> StoreError {
      StoreError(
        .foreignSchema,
        "\(path) cannot be used: \(what)\(others); nothing was read or run; \(advice)")
    }
    // What can be run comes first.
    let order = ["trigger", "view", "index", "table"]
    let sorted = extra.sorted {
      (order.firstIndex(of: $0.type) ?? 9) < (order.firstIndex(of: $1.type) ?? 9)
    }
    if let object = sorted.first {
      let keeps = object.type == "table" ? "copy what it holds to a file of its own and " : ""
      return error(
        "it has \(object.title), which is not this program's and could change what others write and read",
        "\(keeps)remove it with `sqlite3 \(path) '\(object.drop)'`")
    }
    if let object = changed.first {
      return error(
        "\(object.title) is declared in another way than format \(format) declares it",
        object.type == "table"
          ? StoreError.restoring(path) : "doctor says what can be made again")
    }
    if let option = searchOptions.first {
      return error(
        "its word index has the option \(option), which this program never sets",
        "remove it with `sqlite3 \(path) \"DELETE FROM chunk_search_config WHERE k <> 'version'\"`")
    }
    if let object = missing.first {
      return error("\(object.title) is missing", "doctor says what can be made again")
    }
    return nil
  }
}
